// What discovery found: where the service runs and its settings. Found by a thread of its own, for
// the service, which may be waiting for it, and kept for the page and for shipping.
//
// Threads: wait() belongs to any, all else to the keeper's.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "discovery/access.h"
#include "http/cancel.h"
#include "segment/layout.h"
#include "segment/settings_answer.h"

namespace outrigger::keeper {

class Settings {
 public:
  // Begins to find what the `declarations` (JSON) ask for, for `budget_ms` at most; a keeper that was
  // started again takes up what its predecessor had found.
  Settings(segment::View view, std::shared_ptr<discovery::Access> access, std::string declarations,
           int64_t budget_ms, int64_t now_ns);
  ~Settings();  // cuts the finding short
  Settings(const Settings&) = delete;
  Settings& operator=(const Settings&) = delete;

  // To be called now and then. Cuts the finding short when its time is over; true once, when the
  // answer is there.
  bool look(int64_t now_ns);

  // Blocks until the answer is there; null when `cancel` was fired before.
  const segment::SettingsAnswer* wait(const http::Cancel& cancel) const;

  bool looked() const { return looked_; }  // look() was true
  // From then on.
  const segment::SettingsAnswer& answer() const { return answer_; }
  int64_t found_real_ns() const { return found_real_ns_; }

 private:
  void find(const std::string& declarations);
  void publish() const;

  const segment::View view_;
  const std::shared_ptr<discovery::Access> access_;
  const int64_t found_real_ns_;
  const int64_t cancel_at_ns_;
  http::Cancel cancel_;
  segment::SettingsAnswer answer_;  // whole once found_ is fired
  http::Cancel found_;
  bool looked_ = false;
  std::thread thread_;
};

}  // namespace outrigger::keeper
