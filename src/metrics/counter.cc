#include "metrics/table.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <string>

#include "base/fork_flag.h"
#include "outrigger/log.h"
#include "outrigger/metrics.h"

namespace outrigger::metrics {
namespace {

using segment::MetricSlot;
using segment::MetricTable;

constexpr uint32_t kKindCounter = 1;
constexpr std::atomic<uint32_t> kAlwaysAlive{1};

// Constructed by the first counter and never destroyed: handles in other objects' destructors stay
// usable.
struct Registry {
  std::mutex mutex;
  // Guarded by mutex.
  segment::View view;
  std::map<std::string, MetricSlot*, std::less<>> published;
  std::map<std::string, std::atomic<uint64_t>, std::less<>> own;
};
Registry& registry() {
  static Registry* const it = new Registry;
  return *it;
}

bool acceptable(std::string_view name) {
  const auto printable = [](char c) { return c >= 0x20 && c <= 0x7e; };
  return !name.empty() && name.size() < sizeof(MetricSlot::name) && name.front() != ':' &&
         std::all_of(name.begin(), name.end(), printable);
}

void copy_text(char* to, size_t room, std::string_view text) {
  const size_t size = std::min(text.size(), room - 1);
  if (size > 0) memcpy(to, text.data(), size);  // text.data() may be null
  to[size] = '\0';
}

// The next free slot, filled; nullptr when all are taken. The registry is locked.
MetricSlot* take_slot(MetricTable& table, uint32_t index, std::string_view name, Options options) {
  if (index >= segment::kMetrics) return nullptr;
  MetricSlot& slot = table.slots[index];
  slot.kind = kKindCounter;
  copy_text(slot.name, sizeof slot.name, name);
  copy_text(slot.help, sizeof slot.help, options.help);
  // Release: pairs with the keeper's acquire of `ready` and `used`; what it sees is complete.
  slot.ready.store(1, std::memory_order_release);
  table.used.store(index + 1, std::memory_order_release);
  return &slot;
}

}  // namespace

void attach(segment::View view) {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  all.view = view;
  all.published.clear();
}

std::map<std::string, uint64_t, std::less<>> own_values() {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  std::map<std::string, uint64_t, std::less<>> values;
  for (const auto& [name, cell] : all.own) values[name] = cell.load(std::memory_order_relaxed);
  return values;
}

Counter counter(std::string_view name, Options options) {
  Registry& all = registry();
  std::unique_lock lock(all.mutex);
  const std::atomic<uint32_t>* flag = base::fork_flag();
  const bool mapped = all.view && flag != nullptr && flag->load(std::memory_order_relaxed) != 0;
  const bool published = mapped && acceptable(name);
  if (published) {
    if (const auto known = all.published.find(name); known != all.published.end()) {
      return Counter(&known->second->value, flag);
    }
    // The count of slots is this process's own: nothing is read back from shared memory.
    const auto index = static_cast<uint32_t>(all.published.size());
    if (MetricSlot* slot = take_slot(all.view.metrics(), index, name, options)) {
      all.published.emplace(name, slot);
      return Counter(&slot->value, flag);
    }
  }
  const auto [own, is_new] = all.own.try_emplace(std::string(name), 0);
  lock.unlock();
  if (is_new && mapped) {
    published ? log::warn("counter \"{name}\" is not published: all {slots} places are taken", name,
                          segment::kMetrics)
              : log::warn(
                    "counter \"{name}\" is not published: a name has 1 to 63 printable ASCII "
                    "characters and no "
                    "colon in front",
                    name);
  }
  return Counter(&own->second, &kAlwaysAlive);
}

}  // namespace outrigger::metrics
