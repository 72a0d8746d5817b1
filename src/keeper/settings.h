// The settings: found for the service while it waits, by a thread of their own, and kept for the
// page. Threads: all but the finding itself belongs to the keeper's thread.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "http/cancel.h"
#include "segment/layout.h"
#include "segment/settings_answer.h"

namespace outrigger::keeper {

class Settings {
 public:
  explicit Settings(segment::View view) : view_(view) {}
  ~Settings();  // cuts the finding short
  Settings(const Settings&) = delete;
  Settings& operator=(const Settings&) = delete;

  // The declarations are there. Begins to find, unless they do not ask for it; a keeper that was
  // started again takes up what its predecessor had found.
  void begin(std::string declarations, int64_t now_ns);

  // To be called now and then. Cuts the finding short when its time is over; true once, when the
  // answer is there.
  bool look(int64_t now_ns);

  // Once look() was true.
  const segment::SettingsAnswer& answer() const { return *answer_; }
  int64_t found_real_ns() const { return found_real_ns_; }

 private:
  void publish() const;

  const segment::View view_;
  http::Cancel cancel_;
  std::thread thread_;
  std::atomic<bool> done_{false};  // release: the answer is whole
  bool began_ = false;
  int64_t cancel_at_ns_ = 0;
  int64_t found_real_ns_ = 0;
  std::optional<segment::SettingsAnswer> answer_;
};

}  // namespace outrigger::keeper
