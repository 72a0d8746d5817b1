// The log levels, the service's and its modules', set from outside at run time: for good, or for a
// while. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>

#include "admin/report.h"
#include "keeper/spool.h"
#include "outrigger/result.h"
#include "segment/layout.h"

namespace outrigger::keeper {

class LevelControl {
 public:
  // `service_bell` is an eventfd, or -1. Until when a level lasts stands in the spool, so that a
  // successor ends it.
  LevelControl(segment::View view, SpoolMemory& memory, int service_bell);

  // What the service says that it started with; holds until a level is set.
  void set_declared(admin::Level level);

  admin::LevelReport report() const;
  admin::LevelReport set(admin::Level level, std::optional<std::chrono::seconds> lasting,
                         int64_t real_now_ns);
  // The same for a module. kNotFound when the service has none of that name.
  Result<admin::LevelReport> report(std::string_view module) const;
  Result<admin::LevelReport> set(std::string_view module, admin::Level level,
                                 std::optional<std::chrono::seconds> lasting, int64_t real_now_ns);
  // Returns to the levels from before when their time has come.
  void tick(int64_t real_now_ns);

 private:
  void tell_service(admin::Level level);
  void tell_service_of_module(size_t index, uint32_t own);
  void ring();
  admin::LevelReport report_locked() const;
  admin::LevelReport report_locked(size_t module) const;
  std::optional<size_t> find_module(std::string_view name) const;
  size_t module_count() const;

  segment::View view_;
  SpoolMemory& memory_;
  const int service_bell_;
  mutable std::mutex mutex_;
  admin::Level level_ = admin::Level::kInfo;  // guarded by mutex_
  bool is_set_ = false;                       // likewise: no longer the declared one
};

}  // namespace outrigger::keeper
