// A part of a program that has a name in its entries and a level of its own:
//
//     const auto db = log::module("db");
//     log::debug(db, "query took {ms} ms", ms);
//     log::debug(db.with(context), "query took {ms} ms", ms);
//
// While nobody sets its level, a module has the service's. It can be set at run time: here, or by
// PUT /log/level?module=db&level=debug&for=10m.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "outrigger/internal/log_call.h"
#include "outrigger/log_context.h"

namespace outrigger::internal {

struct ModuleCell {
  std::atomic<uint8_t> level{0};  // below it calls end: its own, or the service's
  std::atomic<uint8_t> own{0};    // 1 + its own level; 0: it has none
  uint8_t name_bytes = 0;
  char name[kModuleNameMax + 1] = {};
};

}  // namespace outrigger::internal

namespace outrigger::log {

enum class Level : uint8_t { kTrace = 0, kDebug, kInfo, kWarn, kError, kFatal };

// A module's call in a context; lives no longer than either.
class ModuleInContext {
 public:
  ModuleInContext(const internal::ModuleCell* cell, const Context& context)
      : cell_(cell), context_(context) {}
  internal::Origin origin() const noexcept { return {cell_, context_.origin().context}; }
  const std::atomic<uint8_t>& level_cell() const noexcept { return cell_->level; }

 private:
  const internal::ModuleCell* cell_;
  const Context& context_;
};

// A handle, cheap to copy; the module itself is there for ever.
class Module {
 public:
  std::string_view name() const noexcept { return {cell_->name, cell_->name_bytes}; }
  ModuleInContext with(const Context& context) const noexcept { return {cell_, context}; }

  Level level() const noexcept;
  void set_level(Level level) noexcept;
  void follow_service() noexcept;  // no level of its own any more

  // For the log call.
  internal::Origin origin() const noexcept { return {cell_, nullptr}; }
  const std::atomic<uint8_t>& level_cell() const noexcept { return cell_->level; }

 private:
  friend Module module(std::string_view name) noexcept;
  explicit Module(internal::ModuleCell* cell) : cell_(cell) {}
  internal::ModuleCell* cell_;
};

// The module of that name: letters, digits, and . _ - : / between them; longer ones are cut to 31
// bytes. There is room for 64; those beyond share the one named "other". Any thread; the first call
// of a name takes a lock.
Module module(std::string_view name) noexcept;

}  // namespace outrigger::log
