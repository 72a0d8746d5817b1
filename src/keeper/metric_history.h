// The last hour of each metric, a value a minute, for the page.
//
// Threads: none of its own; its owner holds a lock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "admin/report.h"

namespace outrigger::keeper {

class MetricHistory {
 public:
  static constexpr size_t kMinutes = 60;
  // A program that has more metrics than this sees them in CloudWatch and on /metrics.
  static constexpr size_t kSeriesMax = 2'000;

  // What it is, asked for once. Of metrics posted together those of lower rank are shown first.
  struct About {
    admin::PostedMetric metric{};
    uint64_t rank = 0;
  };
  using Describe = std::function<About()>;

  // `minute`: the value is one of the hour's; otherwise it only is the latest.
  void note(uint32_t series, double value, int64_t time_s, bool minute, const Describe& describe);

  // At most `count`, the latest first.
  std::vector<admin::PostedMetric> latest(size_t count) const;

 private:
  struct Kept {
    About about;
    std::array<double, kMinutes> hour{};
    size_t minutes = 0;  // ever
    int64_t minute = 0;  // the last one's number
  };
  std::unordered_map<uint32_t, Kept> kept_;
};

}  // namespace outrigger::keeper
