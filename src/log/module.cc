// Modules: a table of the process's own, made known in the segment once there is one.
#include "outrigger/log_module.h"

#include <sched.h>
#include <string.h>

#include <algorithm>

#include "log/attach.h"
#include "log/process.h"

namespace outrigger::log {
namespace {

using internal::ModuleCell;

// The last cell is that of all modules which found no room.
constinit ModuleCell g_cells[segment::kModules + 1];
constinit std::atomic<uint32_t> g_used{0};
constinit std::atomic_flag g_lock{};

class Lock {
 public:
  Lock() {
    while (g_lock.test_and_set(std::memory_order_acquire)) sched_yield();
  }
  ~Lock() { g_lock.clear(std::memory_order_release); }
};

bool may_stand_in_a_name(char c) {
  return internal::is_letter(c) || internal::is_digit(c) || internal::one_of(c, ".-:/");
}

ModuleCell* find(std::string_view name, uint32_t used) {
  for (uint32_t i = 0; i < used; ++i) {
    if (std::string_view(g_cells[i].name, g_cells[i].name_bytes) == name) return &g_cells[i];
  }
  return nullptr;
}

void set_name(ModuleCell& cell, std::string_view name) {
  memcpy(cell.name, name.data(), name.size());
  cell.name_bytes = static_cast<uint8_t>(name.size());
  cell.level.store(internal::g_level.load(std::memory_order_relaxed), std::memory_order_relaxed);
}

// nullptr where there is no segment, or none any more.
segment::View* attached() {
  const Private* const state = g_process.state.load(std::memory_order_acquire);
  return state != nullptr && state->attached != 0 ? &g_process.view : nullptr;
}

void publish(segment::View view, uint32_t index) {
  memcpy(view.service().module_names[index], g_cells[index].name, sizeof(ModuleCell::name));
  view.control().module_levels[index].store(g_cells[index].own.load(std::memory_order_relaxed),
                                            std::memory_order_relaxed);
  // Release: pairs with the keeper's acquire; the name is there.
  view.service().modules.store(index + 1, std::memory_order_release);
}

void set_own(ModuleCell& cell, uint8_t own) {
  cell.own.store(own, std::memory_order_relaxed);
  cell.level.store(
      own != 0 ? static_cast<uint8_t>(own - 1) : internal::g_level.load(std::memory_order_relaxed),
      std::memory_order_relaxed);
}

void set_own_and_tell(ModuleCell& cell, uint8_t own) {
  set_own(cell, own);
  const auto index = static_cast<size_t>(&cell - g_cells);
  segment::View* const view = attached();
  if (view != nullptr && index < segment::kModules)
    view->control().module_levels[index].store(own, std::memory_order_relaxed);
}

}  // namespace

Module module(std::string_view name) noexcept {
  char clean[internal::kModuleNameMax];
  const size_t bytes = std::min(name.size(), sizeof(clean));
  std::transform(name.begin(), name.begin() + static_cast<ptrdiff_t>(bytes), clean,
                 [](char c) { return may_stand_in_a_name(c) ? c : '_'; });
  name = bytes == 0 ? std::string_view("other") : std::string_view(clean, bytes);
  // Acquire: pairs with the release below; the names are there.
  if (ModuleCell* known = find(name, g_used.load(std::memory_order_acquire))) return Module(known);
  const Lock lock;
  const uint32_t used = g_used.load(std::memory_order_relaxed);
  if (ModuleCell* known = find(name, used)) return Module(known);
  ModuleCell& cell = g_cells[used];
  if (used == segment::kModules) {
    if (cell.name_bytes == 0) set_name(cell, "other");
    return Module(&cell);
  }
  set_name(cell, name);
  if (segment::View* const view = attached()) publish(*view, used);
  g_used.store(used + 1, std::memory_order_release);
  return Module(&cell);
}

Level Module::level() const noexcept {
  return static_cast<Level>(cell_->level.load(std::memory_order_relaxed));
}
void Module::set_level(Level level) noexcept {
  set_own_and_tell(*cell_, static_cast<uint8_t>(1 + static_cast<uint8_t>(level)));
}
void Module::follow_service() noexcept { set_own_and_tell(*cell_, 0); }

void publish_modules(segment::View view) {
  const Lock lock;
  for (uint32_t i = 0; i < g_used.load(std::memory_order_relaxed); ++i) publish(view, i);
}

void apply_service_level(uint32_t level) {
  for (ModuleCell& cell : g_cells) {
    if (cell.own.load(std::memory_order_relaxed) == 0)
      cell.level.store(static_cast<uint8_t>(level), std::memory_order_relaxed);
  }
}

void take_module_levels() {
  const segment::View* const view = attached();
  if (view == nullptr) return;
  const segment::Control& control = view->control();
  const uint32_t used =
      std::min<uint32_t>(g_used.load(std::memory_order_acquire), segment::kModules);
  for (uint32_t i = 0; i < used; ++i) {
    const uint32_t own = control.module_levels[i].load(std::memory_order_relaxed);
    if (own <= segment::kLevels) set_own(g_cells[i], static_cast<uint8_t>(own));
  }
}

}  // namespace outrigger::log
