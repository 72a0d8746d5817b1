#include "keeper/level.h"

#include <unistd.h>

#include <algorithm>

#include "base/clock.h"

namespace outrigger::keeper {
namespace {

admin::Level level_of(uint32_t number) {
  return static_cast<admin::Level>(std::min<uint32_t>(number, segment::kLevels - 1));
}

}  // namespace

LevelControl::LevelControl(segment::View view, SpoolMemory& memory, int service_bell)
    : view_(view), memory_(memory), service_bell_(service_bell) {
  // A predecessor has set it.
  is_set_ = view.control().level_version.load(std::memory_order_acquire) != 0;
  if (is_set_) level_ = level_of(view.control().level.load(std::memory_order_relaxed));
}

void LevelControl::set_declared(admin::Level level) {
  const std::lock_guard lock(mutex_);
  if (!is_set_) level_ = level;
}

admin::LevelReport LevelControl::report_locked() const {
  admin::LevelReport report;
  report.level = report.returns_to = level_;
  const int64_t until_ns = memory_.level_until_ns.load(std::memory_order_relaxed);
  if (until_ns == 0) return report;
  report.until_ns = until_ns;
  report.returns_to = level_of(memory_.level_returns_to.load(std::memory_order_relaxed));
  return report;
}

admin::LevelReport LevelControl::report() const {
  const std::lock_guard lock(mutex_);
  return report_locked();
}

admin::LevelReport LevelControl::set(admin::Level level,
                                     std::optional<std::chrono::seconds> lasting,
                                     int64_t real_now_ns) {
  const std::lock_guard lock(mutex_);
  // A second change for a while does not make the first one's level the one to return to.
  if (lasting && memory_.level_until_ns.load(std::memory_order_relaxed) == 0)
    memory_.level_returns_to.store(static_cast<uint32_t>(level_), std::memory_order_relaxed);
  memory_.level_until_ns.store(lasting ? real_now_ns + lasting->count() * base::kNsPerSecond : 0,
                               std::memory_order_relaxed);
  tell_service(level);
  return report_locked();
}

void LevelControl::tick(int64_t real_now_ns) {
  const std::lock_guard lock(mutex_);
  const int64_t until_ns = memory_.level_until_ns.load(std::memory_order_relaxed);
  if (until_ns == 0 || real_now_ns < until_ns) return;
  memory_.level_until_ns.store(0, std::memory_order_relaxed);
  tell_service(level_of(memory_.level_returns_to.load(std::memory_order_relaxed)));
}

void LevelControl::tell_service(admin::Level level) {
  level_ = level;
  is_set_ = true;
  segment::Control& control = view_.control();
  control.level.store(static_cast<uint32_t>(level), std::memory_order_relaxed);
  // Release: pairs with the service's acquire; the level is there before its version.
  control.level_version.fetch_add(1, std::memory_order_release);
  const uint64_t one = 1;
  // A full bell has been rung already.
  if (service_bell_ >= 0) [[maybe_unused]]
    const ssize_t rung = write(service_bell_, &one, sizeof(one));
}

}  // namespace outrigger::keeper
