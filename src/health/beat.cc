#include "health/beat.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/fork_flag.h"
#include "outrigger/health.h"

namespace outrigger::health {
namespace {

// Never destroyed: a program may beat until its last instruction.
struct Registry {
  std::mutex mutex;
  // Guarded by mutex.
  segment::View view;
  std::vector<std::string> names;
  // The slot of outrigger::beat(), so that it takes no lock.
  std::atomic<segment::Beat*> main{nullptr};
};
Registry& registry() {
  static Registry* const it = new Registry;
  return *it;
}

bool mapped_here() {
  const std::atomic<uint32_t>* flag = base::fork_flag();
  return flag != nullptr && flag->load(std::memory_order_relaxed) != 0;
}

}  // namespace

void attach(segment::View view) {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  all.view = view;
  all.names.clear();
  all.main.store(nullptr, std::memory_order_relaxed);
}

Beat source(std::string_view name) {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  if (!all.view || !mapped_here()) return Beat();
  auto found = std::find(all.names.begin(), all.names.end(), name);
  if (found == all.names.end()) {
    if (all.names.size() == segment::kBeats) return Beat();
    found = all.names.emplace(found, name);
    segment::Beat& slot = all.view.service().beats[found - all.names.begin()];
    const size_t size = std::min(name.size(), sizeof slot.name - 1);
    memcpy(slot.name, name.data(), size);
    slot.name[size] = '\0';
  }
  return Beat(&all.view.service().beats[found - all.names.begin()]);
}

void Beat::beat() const noexcept {
  if (slot_ == nullptr || !mapped_here()) return;
  slot_->count.fetch_add(1, std::memory_order_relaxed);
  // Release: the first one publishes the name.
  slot_->last_ns.store(base::monotonic_ns(), std::memory_order_release);
}

void Beat::rest() const noexcept {
  if (slot_ != nullptr && mapped_here()) slot_->last_ns.store(0, std::memory_order_relaxed);
}

}  // namespace outrigger::health

namespace outrigger {

void beat() noexcept {
  health::Registry& all = health::registry();
  segment::Beat* slot = all.main.load(std::memory_order_acquire);
  if (slot == nullptr) {
    try {
      health::source("main").beat();
      const std::lock_guard lock(all.mutex);
      const auto found = std::find(all.names.begin(), all.names.end(), "main");
      if (found == all.names.end()) return;
      slot = &all.view.service().beats[found - all.names.begin()];
      all.main.store(slot, std::memory_order_release);
    } catch (...) {  // no memory: the next beat tries again
    }
    return;
  }
  health::Beat(slot).beat();
}

}  // namespace outrigger
