#include "keeper/metric_history.h"

#include <algorithm>
#include <limits>

#include "base/clock.h"

namespace outrigger::keeper {
namespace {

constexpr int64_t kMinute = 60;

}  // namespace

void MetricHistory::note(uint32_t series, double value, int64_t time_s, bool minute,
                         const Describe& describe) {
  auto found = kept_.find(series);
  if (found == kept_.end()) {
    if (kept_.size() >= kSeriesMax) return;
    found = kept_.emplace(series, Kept{describe()}).first;
  }
  Kept& kept = found->second;
  kept.about.metric.value = value;
  kept.about.metric.time_ns = time_s * base::kNsPerSecond;
  if (!minute) return;
  const auto add = [&](double one) { kept.hour[kept.minutes++ % kMinutes] = one; };
  const int64_t now = time_s / kMinute;
  if (kept.minutes != 0) {
    const int64_t missing = std::clamp<int64_t>(now - kept.minute - 1, 0, kMinutes);
    for (int64_t i = 0; i < missing; ++i) add(std::numeric_limits<double>::quiet_NaN());
  }
  add(value);
  kept.minute = now;
}

std::vector<admin::PostedMetric> MetricHistory::latest(size_t count) const {
  std::vector<const Kept*> all;
  all.reserve(kept_.size());
  for (const auto& [series, kept] : kept_) all.push_back(&kept);
  const size_t shown = std::min(count, all.size());
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(shown), all.end(),
                    [](const Kept* a, const Kept* b) {
                      const int64_t a_ns = a->about.metric.time_ns, b_ns = b->about.metric.time_ns;
                      return a_ns != b_ns ? a_ns > b_ns : a->about.rank < b->about.rank;
                    });
  std::vector<admin::PostedMetric> latest;
  for (size_t i = 0; i < shown; ++i) {
    const Kept& kept = *all[i];
    admin::PostedMetric& metric = latest.emplace_back(kept.about.metric);
    // NaN: there was none in that minute.
    for (size_t m = kept.minutes - std::min(kept.minutes, kMinutes); m < kept.minutes; ++m)
      metric.history.push_back(kept.hour[m % kMinutes]);
  }
  return latest;
}

}  // namespace outrigger::keeper
