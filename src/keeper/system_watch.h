// Looks at the machine: once a minute for what is posted, and every ten seconds while somebody looks
// at the page or scrapes.
//
// Threads: look() and minute() belong to one thread; the others may be called from any.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "system/figures.h"

namespace outrigger::keeper {

class SystemWatch {
 public:
  explicit SystemWatch(system::Subject subject) : subject_(std::move(subject)) {}

  // A look, if one is due. Times: CLOCK_MONOTONIC.
  void look(int64_t now_ns);
  // What came since the last call of this, or since the first look.
  std::vector<system::Figure> minute(int64_t now_ns);

  // What the last two looks say; the next is then taken soon.
  std::vector<system::Figure> shown();

 private:
  const system::Subject subject_;
  std::optional<system::Look> last_;    // the looking thread's
  std::optional<system::Look> minute_;  // likewise
  int64_t looked_ns_ = 0;               // likewise
  std::atomic<bool> wanted_{true};
  std::mutex mutex_;
  std::vector<system::Figure> shown_;  // guarded by mutex_
};

}  // namespace outrigger::keeper
