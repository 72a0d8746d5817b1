// Dimensions given at the call: a table from the values' texts to a metric, read without a lock.
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "metrics/registry.h"
#include "metrics/store.h"
#include "outrigger/log.h"

namespace outrigger::metrics {
namespace {

constexpr std::string_view kOther = "other";
constexpr uint64_t kMultiplier = 0x9e3779b97f4a7c15ULL;

uint64_t mix(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a ^ b) * kMultiplier;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

uint64_t load8(const char* at) {
  uint64_t word;
  memcpy(&word, at, sizeof(word));
  return word;
}
uint64_t load4(const char* at) {
  uint32_t word;
  memcpy(&word, at, sizeof(word));
  return word;
}

// A value of up to 16 bytes as two words, which together with its size say all of it.
constexpr size_t kShort = 16;
struct Short {
  uint64_t low = 0;
  uint64_t high = 0;
  uint64_t size = 0;

  static Short of(std::string_view value) {
    const char* const at = value.data();
    const size_t size = value.size();
    if (size >= 8) return {load8(at), load8(at + size - 8), size};
    if (size >= 4) return {load4(at) | load4(at + size - 4) << 32, 0, size};
    if (size == 0) return {};
    const auto byte = [&](size_t i) { return uint64_t{static_cast<unsigned char>(at[i])}; };
    return {byte(0) << 16 | byte(size / 2) << 8 | byte(size - 1), 0, size};
  }
};
// Sets of up to so many short values have a way of their own, without a loop over bytes.
constexpr size_t kShortKeys = 3;

// Where this lies differs with each start, so that nobody knows which values meet.
uint64_t seed() { return reinterpret_cast<uintptr_t>(&seed); }

uint64_t hash_of(const std::string_view* values, size_t count) {
  uint64_t hash = seed();
  for (size_t i = 0; i < count; ++i) {
    const char* at = values[i].data();
    size_t left = values[i].size();
    hash = mix(hash, left + 1);
    for (; left >= 8; left -= 8, at += 8) hash = mix(hash, load8(at));
    if (left != 0) hash = mix(hash, Short::of({at, left}).low);
  }
  return hash;
}

template <size_t kCount>
uint64_t hash_of(const Short (&values)[kCount]) {
  uint64_t hash = seed();
  for (const Short& value : values) hash = mix(hash ^ value.low, value.high + value.size);
  return hash;
}

// A set that was met. Never changed once it is in the table.
struct Entry {
  Place place;
  Short shorts[kShortKeys];  // of a longer value: a size that none has
  std::string text;          // each value's length (4 bytes) and bytes
  bool is(const std::string_view* values, size_t count) const {
    const char* at = text.data();
    for (size_t i = 0; i < count; ++i) {
      uint32_t size;
      memcpy(&size, at, sizeof(size));
      if (size != values[i].size()) return false;
      at += sizeof(size);
      if (size != 0 && memcmp(at, values[i].data(), size) != 0) return false;
      at += size;
    }
    return true;
  }
  template <size_t kCount>
  bool is(const Short (&values)[kCount]) const {
    uint64_t differs = 0;
    for (size_t i = 0; i < kCount; ++i)
      differs |= (shorts[i].low ^ values[i].low) | (shorts[i].high ^ values[i].high) |
                 (shorts[i].size ^ values[i].size);
    return differs == 0;
  }
};
struct Seat {
  std::atomic<uint64_t> hash{0};
  std::atomic<const Entry*> entry{nullptr};
};

std::string mended(std::string_view value) {
  std::string text(value.substr(0, kValueMax));
  for (char& c : text)
    if (c < 0x20 || c > 0x7e) c = '?';
  if (text.find_first_not_of(' ') == std::string::npos) text = "-";
  return text;
}

// Of the whole service.
struct Bounds {
  std::mutex mutex;
  uint32_t sets = 0;
  std::map<std::string, std::set<std::string, std::less<>>, std::less<>> values;  // by key
};
Bounds& bounds() {
  static Bounds* const it = new Bounds;
  return *it;
}

}  // namespace

struct FamilyState {
  segment::MetricKind kind;
  std::string name;
  std::string help;
  Unit unit;
  std::chrono::seconds every;
  bool stop_if_bad;
  std::vector<std::string> keys;
  std::vector<double> buckets;
  // A power of two, at least twice the entries there can be: a probe ends soon.
  std::vector<Seat> seats;
  size_t mask;  // their number less one
  size_t entries_max;
  std::mutex mutex;
  size_t entries = 0;                         // guarded by mutex
  std::vector<std::unique_ptr<Entry>> owned;  // guarded by mutex
  // Once a bound is reached: takes what is not in the table.
  std::atomic<const Entry*> other{nullptr};
  std::atomic<bool> is_full{false};

  template <typename Same>
  const Entry* look_up(uint64_t hash, const Same& same) const {
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
      // Acquire: pairs with the release in insert(); the entry is complete.
      const Entry* const entry = seats[i].entry.load(std::memory_order_acquire);
      if (entry == nullptr) return nullptr;
      if (seats[i].hash.load(std::memory_order_relaxed) == hash && same(*entry)) return entry;
    }
  }
  const Entry* insert(uint64_t hash, const std::string_view* values);
  const Entry* made(const std::vector<std::string>& texts);
  const Entry* others();
};

// The mutex is held.
const Entry* FamilyState::made(const std::vector<std::string>& texts) {
  Wanted wanted{kind, name, help, unit, every, {}, buckets, true, stop_if_bad};
  for (size_t i = 0; i < keys.size(); ++i) wanted.dimensions.push_back({keys[i], texts[i]});
  owned.push_back(std::make_unique<Entry>());
  owned.back()->place = place_of(wanted);
  return owned.back().get();
}

const Entry* FamilyState::others() {
  const Entry* entry = other.load(std::memory_order_acquire);
  if (entry == nullptr) {
    const std::lock_guard lock(mutex);
    entry = other.load(std::memory_order_relaxed);
    if (entry == nullptr) {
      entry = made(std::vector<std::string>(keys.size(), std::string(kOther)));
      other.store(entry, std::memory_order_release);
    }
  }
  store()->share.head().others.fetch_add(1, std::memory_order_relaxed);
  return entry;
}

// Nullptr when a bound is reached.
const Entry* FamilyState::insert(uint64_t hash, const std::string_view* values) {
  const segment::MetricLayout& layout = store()->share.layout;
  const std::lock_guard lock(mutex);
  const auto same = [&](const Entry& entry) { return entry.is(values, keys.size()); };
  if (const Entry* const entry = look_up(hash, same)) return entry;  // another was faster
  std::vector<std::string> texts;
  for (size_t i = 0; i < keys.size(); ++i) texts.push_back(mended(values[i]));
  {
    Bounds& all = bounds();
    const std::lock_guard lock_all(all.mutex);
    if (entries >= entries_max || all.sets >= layout.dimension_sets) {
      is_full.store(true, std::memory_order_relaxed);
      return nullptr;
    }
    for (size_t i = 0; i < keys.size(); ++i) {
      auto& seen = all.values[keys[i]];
      if (seen.size() >= layout.values_a_key && !seen.contains(texts[i])) return nullptr;
    }
    for (size_t i = 0; i < keys.size(); ++i) all.values[keys[i]].insert(texts[i]);
    ++all.sets;
  }
  made(texts);
  Entry& entry = *owned.back();
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto size = static_cast<uint32_t>(values[i].size());
    entry.text.append(reinterpret_cast<const char*>(&size), sizeof(size)).append(values[i]);
    if (i < kShortKeys)
      entry.shorts[i] = size <= kShort ? Short::of(values[i]) : Short{0, 0, UINT64_MAX};
  }
  size_t i = hash & mask;
  while (seats[i].entry.load(std::memory_order_relaxed) != nullptr) i = (i + 1) & mask;
  ++entries;
  seats[i].hash.store(hash, std::memory_order_relaxed);
  // Release: pairs with the acquire in look_up().
  seats[i].entry.store(&entry, std::memory_order_release);
  return &entry;
}

void forget_sets() {
  Bounds& all = bounds();
  const std::lock_guard lock(all.mutex);
  all.sets = 0;
  all.values.clear();
}

namespace {

// Handles are copied freely and may be used until the process ends, so families stay.
FamilyState* keep_family() {
  static std::mutex mutex;
  static auto& kept = *new std::deque<FamilyState>;
  const std::lock_guard lock(mutex);
  return &kept.emplace_back();
}

}  // namespace

FamilyState* Maker::family(int kind, std::string_view name, const char* const* keys,
                           std::size_t count, const Options& options) {
  FamilyState* const state = keep_family();
  state->kind = static_cast<segment::MetricKind>(kind);
  state->name = name;
  state->help = options.help;
  state->unit = options.unit == Unit::kNone && kind == 1 ? Unit::kCount : options.unit;
  state->every = options.every;
  state->buckets = options.buckets;
  state->stop_if_bad = options.stop_if_bad;
  for (size_t i = 0; i < count; ++i) state->keys.emplace_back(keys[i]);
  state->entries_max = segment::metric_layout().dimension_sets;
  size_t seats = 64;
  while (seats < 2 * state->entries_max) seats *= 2;
  state->seats = std::vector<Seat>(seats);
  state->mask = seats - 1;
  return state;
}

namespace {

// Not in the table, or not to be had from it.
[[gnu::noinline]] Place make_place(FamilyState& state, uint64_t hash,
                                   const std::string_view* values) noexcept {
  // A child of fork() may have been made while a lock was held.
  if (Store* const made = store(); made != nullptr && !made->lives()) return {};
  try {
    if (!state.is_full.load(std::memory_order_relaxed)) {
      if (ensure_store() == nullptr) return {};
      if (const Entry* const entry = state.insert(hash, values)) return entry->place;
    }
    return state.others()->place;
  } catch (...) {  // memory
    return {};
  }
}

[[gnu::noinline]] Place find_long(FamilyState& state, const std::string_view* values) noexcept {
  const uint64_t hash = hash_of(values, state.keys.size());
  const auto same = [&](const Entry& entry) { return entry.is(values, state.keys.size()); };
  if (const Entry* const entry = state.look_up(hash, same)) return entry->place;
  return make_place(state, hash, values);
}

template <size_t kCount>
Place find_short(FamilyState& state, const std::string_view* values) noexcept {
  Short shorts[kCount];
  for (size_t i = 0; i < kCount; ++i) {
    if (values[i].size() > kShort) [[unlikely]]
      return find_long(state, values);
    shorts[i] = Short::of(values[i]);
  }
  const uint64_t hash = hash_of(shorts);
  const auto same = [&](const Entry& entry) { return entry.is(shorts); };
  if (const Entry* const entry = state.look_up(hash, same)) [[likely]]
    return entry->place;
  return make_place(state, hash, values);
}

Place find_place(FamilyState& state, const std::string_view* values) noexcept {
  switch (state.keys.size()) {
    case 1: return find_short<1>(state, values);
    case 2: return find_short<2>(state, values);
    case 3: return find_short<3>(state, values);
    default: return find_long(state, values);
  }
}

}  // namespace

Counter Maker::find(FamilyState& state, const std::string_view* values, Counter*) noexcept {
  return handle<Counter>(find_place(state, values).at, 0, state.unit);
}
Gauge Maker::find(FamilyState& state, const std::string_view* values, Gauge*) noexcept {
  return handle<Gauge>(find_place(state, values).at, 0, state.unit);
}
Histogram Maker::find(FamilyState& state, const std::string_view* values, Histogram*) noexcept {
  const Place place = find_place(state, values);
  return handle<Histogram>(place.at, place.row, state.unit);
}
Timer Maker::find(FamilyState& state, const std::string_view* values, Timer*) noexcept {
  const Place place = find_place(state, values);
  return handle<Timer>(place.at, place.row, state.unit);
}

}  // namespace outrigger::metrics
