#include "metrics/registry.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <map>
#include <mutex>

#include "metrics/store.h"
#include "metrics/table.h"
#include "outrigger/log.h"

namespace outrigger::metrics {
namespace {

using segment::MetricKind;
using segment::MetricSlot;

struct Known {
  MetricKind kind;
  Place place;
  bool has_dimensions;
  std::string name;
};

// Constructed by the first metric and never destroyed.
struct Registry {
  std::mutex mutex;
  // Guarded by mutex.
  segment::View view;
  std::map<std::string, Known, std::less<>> known;  // by name and dimensions
  uint32_t used = 0;                                // slots
  size_t text = 0;                                  // bytes
};
Registry& registry() {
  static Registry* const it = new Registry;
  return *it;
}

std::string key_of(const Wanted& wanted) {
  std::string key(wanted.name);
  for (const Dimension& each : wanted.dimensions)
    key.append(1, '\0').append(each.name).append(1, '\0').append(each.value);
  return key;
}

std::string_view problem_of(const Wanted& wanted) {
  if (const auto problem = problem_of_name(wanted.name, kNameMax); !problem.empty()) return problem;
  if (wanted.every < std::chrono::seconds(1) || wanted.every > std::chrono::seconds(60))
    return "is sent every 1 to 60 seconds";
  if (wanted.dimensions.size() > kDimensionsMax)
    return "has more than 29 dimensions; CloudWatch takes 30, of which Environment is one";
  for (const Dimension& each : wanted.dimensions) {
    if (!problem_of_name(each.name, kNameMax).empty())
      return "has a dimension whose name is not 1 to 255 printable ASCII characters, no colon in "
             "front";
    if (!problem_of_name(each.value, kValueMax).empty() && !each.value.starts_with(':'))
      return "has a dimension whose value is not 1 to 255 printable ASCII characters";
  }
  if (wanted.bounds.size() > kBoundsMax) return "has more than 64 buckets on /metrics";
  for (size_t i = 0; i < wanted.bounds.size(); ++i) {
    if (!std::isfinite(wanted.bounds[i]) || (i > 0 && wanted.bounds[i] <= wanted.bounds[i - 1]))
      return "has buckets that do not rise";
  }
  return {};
}

// Fills the next slot; `at` 0 when there is no room. The registry is locked.
Place take_slot(Registry& all, const Store& store, const Wanted& wanted) {
  const segment::MetricShare& share = store.share;
  const uint32_t slots = wanted.kind == MetricKind::kHistogram ? 2 : 1;
  std::string text(wanted.name);
  const std::string_view help = wanted.help.substr(0, kHelpMax);
  text.append(help);
  const size_t before = text.size();
  for (const Dimension& each : wanted.dimensions)
    text.append(each.name).append(1, '\0').append(each.value).append(1, '\0');
  const size_t dimension_bytes = text.size() - before;
  for (const double bound : wanted.bounds)
    text.append(reinterpret_cast<const char*>(&bound), sizeof(bound));
  if (all.used + slots > share.layout.series || text.size() > segment::kSeriesTextMax ||
      all.text + text.size() > share.layout.text_bytes())
    return {};
  const uint32_t index = all.used;
  memcpy(share.text() + all.text, text.data(), text.size());
  MetricSlot& slot = share.slot(index);
  slot.kind = wanted.kind;
  slot.unit = static_cast<uint8_t>(wanted.unit);
  slot.period_s = static_cast<uint8_t>(wanted.every.count());
  slot.dimension_count = static_cast<uint8_t>(wanted.dimensions.size());
  slot.text = static_cast<uint32_t>(all.text);
  slot.name_bytes = static_cast<uint16_t>(wanted.name.size());
  slot.help_bytes = static_cast<uint16_t>(help.size());
  slot.dimension_bytes = static_cast<uint16_t>(dimension_bytes);
  slot.bound_bytes = static_cast<uint16_t>(wanted.bounds.size() * sizeof(double));
  slot.from_call = wanted.from_call ? 1 : 0;
  const Place place{static_cast<uint32_t>(segment::cell_of(index)), index * internal::kOctaves};
  if (wanted.kind == MetricKind::kGauge) {
    // Not a number: never set.
    internal::set_slow(place.at, std::numeric_limits<double>::quiet_NaN());
  }
  all.used += slots;
  all.text += text.size();
  // Release: pairs with the keeper's acquire of `ready` and `used`; what it sees is complete.
  slot.ready.store(1, std::memory_order_release);
  share.head().used.store(all.used, std::memory_order_release);
  return place;
}

constexpr std::string_view kNoRoom = "found no room: OUTRIGGER_METRICS_BUDGET raises it";

void refuse(const Store& store, const Wanted& wanted, std::string_view why) {
  store.share.head().refused_series.fetch_add(1, std::memory_order_relaxed);
  if (wanted.stop_if_bad && why != kNoRoom) {
    log::fatal("metric \"{name}\" {why}", wanted.name, why);
    std::abort();  // tidy: abort because the program asked for it: NDEBUG is not defined there
  }
  log::warn("metric \"{name}\" is not published: it {why}", wanted.name, why);
}

}  // namespace

std::string_view problem_of_name(std::string_view name, size_t bytes_max) {
  const auto printable = [](char c) { return c >= 0x20 && c <= 0x7e; };
  if (name.empty() || name.size() > bytes_max || name.front() == ':' ||
      name.find_first_not_of(' ') == std::string_view::npos ||
      !std::all_of(name.begin(), name.end(), printable))
    return "has a name that is not 1 to 255 printable ASCII characters, no colon in front";
  return {};
}

void attach(segment::View view) {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  all.view = view;
  all.known.clear();
  all.used = 0;
  all.text = 0;
  forget_sets();
  use_store(nullptr);
}

Store* ensure_store() {
  if (Store* const made = store()) return made;
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  if (store() == nullptr) use_store(make_store(all.view));
  return store();
}

Place place_of(const Wanted& wanted) {
  // A child of fork() may have been made while the lock was held.
  if (Store* const made = store(); made != nullptr && !made->lives()) return {};
  Registry& all = registry();
  Store* const store = ensure_store();
  if (store == nullptr) return {};
  std::unique_lock lock(all.mutex);
  std::string key = key_of(wanted);
  if (const auto found = all.known.find(key); found != all.known.end()) {
    if (found->second.kind == wanted.kind) return found->second.place;
    lock.unlock();
    refuse(*store, wanted, "has the name of a metric of another kind");
    return {};
  }
  const std::string_view problem = problem_of(wanted);
  const Place place = problem.empty() ? take_slot(all, *store, wanted) : Place{};
  all.known.emplace(std::move(key), Known{wanted.kind, place, !wanted.dimensions.empty(),
                                          std::string(wanted.name)});
  lock.unlock();
  if (place.at == 0) refuse(*store, wanted, problem.empty() ? kNoRoom : problem);
  return place;
}

std::map<std::string, uint64_t, std::less<>> own_values() {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  std::map<std::string, uint64_t, std::less<>> values;
  Store* const store = metrics::store();
  if (store == nullptr || store->in_segment) return values;
  const segment::MetricShare& share = store->share;
  for (const auto& [key, known] : all.known) {
    if (known.kind == MetricKind::kGauge || known.place.at == 0) continue;
    uint64_t& sum = values[known.name];
    sum += internal::cell_sum(known.place.at);
    if (known.kind != MetricKind::kHistogram) continue;
    const uint32_t blocks =
        std::min(store->blocks.load(std::memory_order_relaxed), share.layout.blocks);
    for (uint32_t i = 0; i < blocks; ++i) {
      if (share.owner(i).load(std::memory_order_acquire) >> 32 !=
          known.place.row / internal::kOctaves + 1)
        continue;
      const auto* const buckets =
          reinterpret_cast<const std::atomic<uint64_t>*>(share.blocks() + i * segment::kBlockBytes);
      for (size_t b = 0; b < segment::kBlockBuckets; ++b)
        sum += buckets[b].load(std::memory_order_relaxed);
    }
  }
  return values;
}

std::map<std::string, double, std::less<>> own_gauges() {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  std::map<std::string, double, std::less<>> values;
  const Store* const store = metrics::store();
  if (store == nullptr || store->in_segment) return values;
  for (const auto& [key, known] : all.known) {
    if (known.kind == MetricKind::kGauge && !known.has_dimensions)
      values[known.name] = internal::gauge_value(known.place.at);
  }
  return values;
}

// --- Handles -----------------------------------------------------------------------------------

template <>
Counter Maker::handle<Counter>(uint32_t at, uint32_t, Unit) noexcept {
  Counter made;
  made.at_ = at;
  return made;
}
template <>
Gauge Maker::handle<Gauge>(uint32_t at, uint32_t, Unit) noexcept {
  Gauge made;
  made.at_ = at;
  return made;
}
template <>
Histogram Maker::handle<Histogram>(uint32_t at, uint32_t row, Unit) noexcept {
  Histogram made;
  made.at_ = at;
  made.row_ = row;
  return made;
}
template <>
Timer Maker::handle<Timer>(uint32_t at, uint32_t row, Unit unit) noexcept {
  Timer made;
  made.histogram_ = handle<Histogram>(at, row, unit);
  made.a_nanosecond_ = unit == Unit::kMilliseconds   ? 1e-6
                       : unit == Unit::kMicroseconds ? 1e-3
                                                     : 1e-9;
  return made;
}

void Maker::merge(const Histogram& histogram, const double* values, const uint64_t* counts,
                  std::size_t size, double sum) noexcept {
  for (std::size_t i = 0; i < size; ++i) {
    if (counts[i] == 0) continue;
    internal::observe_many(histogram.at_, histogram.row_, values[i], counts[i]);
    if (values[i] >= 0) sum -= values[i] * static_cast<double>(counts[i]);
  }
  internal::add_to_sum(histogram.at_, sum);
}

namespace {

template <typename Metric>
Metric make(MetricKind kind, std::string_view name, const Options& options, Unit unit) {
  if (options.unit != Unit::kNone) unit = options.unit;
  const Place place = place_of({kind, name, options.help, unit, options.every, options.dimensions,
                                options.buckets, false, options.stop_if_bad});
  return Maker::handle<Metric>(place.at, place.row, unit);
}

}  // namespace

namespace {

template <typename Metric>
Metric described(MetricKind kind, std::string_view name, const Description& what) {
  const Place place = place_of({kind,
                                name,
                                what.help,
                                what.unit,
                                std::chrono::seconds(60),
                                {what.dimensions.begin(), what.dimensions.end()},
                                {what.buckets.begin(), what.buckets.end()},
                                false,
                                false});
  return Maker::handle<Metric>(place.at, place.row, what.unit);
}

}  // namespace

Counter Maker::counter(std::string_view name, const Description& what) {
  return described<Counter>(MetricKind::kCounter, name, what);
}
Gauge Maker::gauge(std::string_view name, const Description& what) {
  return described<Gauge>(MetricKind::kGauge, name, what);
}
Histogram Maker::histogram(std::string_view name, const Description& what) {
  return described<Histogram>(MetricKind::kHistogram, name, what);
}

Counter counter(std::string_view name, Options options) {
  return make<Counter>(MetricKind::kCounter, name, options, Unit::kCount);
}
Gauge gauge(std::string_view name, Options options) {
  return make<Gauge>(MetricKind::kGauge, name, options, Unit::kNone);
}
Histogram histogram(std::string_view name, Options options) {
  return make<Histogram>(MetricKind::kHistogram, name, options, Unit::kNone);
}
Timer timer(std::string_view name, Options options) {
  return make<Timer>(MetricKind::kHistogram, name, options, Unit::kSeconds);
}

}  // namespace outrigger::metrics
