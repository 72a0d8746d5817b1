// The locators, asked again and again while the service runs. Their lists go to the service through
// the segment; one that gives no answer keeps its last good list, and says so.
//
// Threads: a thread of its own asks; reports() belongs to any.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "discovery/access.h"
#include "discovery/wanted.h"
#include "http/cancel.h"
#include "segment/layout.h"
#include "segment/settings_answer.h"

namespace outrigger::keeper {

struct LocatorReport {
  std::string name;
  std::string value;  // "10.0.0.1:80,10.0.0.2:80"; what is held from the start where it is empty
  std::string from;
  std::string failing;  // why the last look-up gave nothing; empty: it gave the value
};

class Locators {
 public:
  // Those of the declarations (JSON) that want it and that no place of higher rank holds; null when
  // there are none.
  static std::unique_ptr<Locators> of(segment::View view, std::shared_ptr<discovery::Access> access,
                                      std::string_view declarations,
                                      const segment::SettingsAnswer& answer);
  ~Locators();
  Locators(const Locators&) = delete;
  Locators& operator=(const Locators&) = delete;

  std::vector<LocatorReport> reports() const;

 private:
  struct One {
    discovery::WantedSetting wanted;
    std::chrono::steady_clock::time_point ask_at;
  };

  Locators(segment::View view, std::shared_ptr<discovery::Access> access, std::vector<One> all);
  void run();
  bool ask(size_t index);
  void publish() const;

  const segment::View view_;
  const std::shared_ptr<discovery::Access> access_;
  std::vector<One> all_;  // the thread's
  http::Cancel cancel_;
  mutable std::mutex mutex_;
  std::vector<LocatorReport> reports_;  // as all_; guarded by mutex_
  std::thread thread_;
};

}  // namespace outrigger::keeper
