#include "keeper/level.h"

#include <unistd.h>

#include <algorithm>

#include "base/clock.h"
#include "keeper/plain_text.h"

namespace outrigger::keeper {
namespace {

using ModuleName = char[sizeof(segment::ServiceState::module_names[0])];

admin::Level level_of(uint32_t number) {
  return static_cast<admin::Level>(std::min<uint32_t>(number, segment::kLevels - 1));
}

// A module's: 1 + level, or 0 for the service's. The segment's word is not believed.
admin::Level level_of_own(uint32_t own, admin::Level service) {
  return own == 0 ? service : level_of(own - 1);
}

Error no_module(std::string_view name) {
  return {ErrorKind::kNotFound,
          "there is no module \"" + plain_text(name.data(), name.size()) +
              "\"; GET /log/level lists those that there are",
          "module"};
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
  for (size_t i = 0; i < module_count(); ++i) {
    const char* const name = view_.service().module_names[i];
    report.modules.emplace_back(plain_text(name, sizeof(ModuleName)), report_locked(i).level);
  }
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

size_t LevelControl::module_count() const {
  // Acquire: pairs with the service's release; the names are there.
  return std::min<size_t>(view_.service().modules.load(std::memory_order_acquire),
                          segment::kModules);
}

std::optional<size_t> LevelControl::find_module(std::string_view name) const {
  for (size_t i = 0; i < module_count(); ++i) {
    if (plain_text(view_.service().module_names[i], sizeof(ModuleName)) == name) return i;
  }
  return {};
}

admin::LevelReport LevelControl::report_locked(size_t module) const {
  admin::LevelReport report;
  report.level = report.returns_to =
      level_of_own(view_.control().module_levels[module].load(std::memory_order_relaxed), level_);
  const int64_t until_ns = memory_.module_until_ns[module].load(std::memory_order_relaxed);
  if (until_ns == 0) return report;
  report.until_ns = until_ns;
  report.returns_to =
      level_of_own(memory_.module_returns_to[module].load(std::memory_order_relaxed), level_);
  return report;
}

Result<admin::LevelReport> LevelControl::report(std::string_view module) const {
  const std::lock_guard lock(mutex_);
  const auto index = find_module(module);
  if (!index) return no_module(module);
  return report_locked(*index);
}

Result<admin::LevelReport> LevelControl::set(std::string_view module, admin::Level level,
                                             std::optional<std::chrono::seconds> lasting,
                                             int64_t real_now_ns) {
  const std::lock_guard lock(mutex_);
  const auto index = find_module(module);
  if (!index) return no_module(module);
  std::atomic<int64_t>& until = memory_.module_until_ns[*index];
  if (lasting && until.load(std::memory_order_relaxed) == 0) {
    memory_.module_returns_to[*index].store(
        view_.control().module_levels[*index].load(std::memory_order_relaxed),
        std::memory_order_relaxed);
  }
  until.store(lasting ? real_now_ns + lasting->count() * base::kNsPerSecond : 0,
              std::memory_order_relaxed);
  tell_service_of_module(*index, 1 + static_cast<uint32_t>(level));
  return report_locked(*index);
}

void LevelControl::tick(int64_t real_now_ns) {
  const std::lock_guard lock(mutex_);
  const auto is_over = [&](std::atomic<int64_t>& until_ns) {
    const int64_t until = until_ns.load(std::memory_order_relaxed);
    if (until == 0 || real_now_ns < until) return false;
    until_ns.store(0, std::memory_order_relaxed);
    return true;
  };
  if (is_over(memory_.level_until_ns))
    tell_service(level_of(memory_.level_returns_to.load(std::memory_order_relaxed)));
  for (size_t i = 0; i < module_count(); ++i) {
    if (is_over(memory_.module_until_ns[i]))
      tell_service_of_module(i, memory_.module_returns_to[i].load(std::memory_order_relaxed));
  }
}

void LevelControl::tell_service(admin::Level level) {
  level_ = level;
  is_set_ = true;
  view_.control().level.store(static_cast<uint32_t>(level), std::memory_order_relaxed);
  ring();
}

void LevelControl::tell_service_of_module(size_t index, uint32_t own) {
  view_.control().module_levels[index].store(own, std::memory_order_relaxed);
  ring();
}

void LevelControl::ring() {
  // Release: pairs with the service's acquire; the levels are there before their version.
  view_.control().level_version.fetch_add(1, std::memory_order_release);
  const uint64_t one = 1;
  // A full bell has been rung already.
  if (service_bell_ >= 0) [[maybe_unused]]
    const ssize_t rung = write(service_bell_, &one, sizeof(one));
}

}  // namespace outrigger::keeper
