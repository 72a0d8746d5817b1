// Which metrics there are: names to places in the store.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "outrigger/metrics.h"
#include "segment/metrics.h"

namespace outrigger::metrics {

// Where a metric's updates go; `at` 0: nowhere, they are counted as refused.
struct Place {
  uint32_t at = 0;
  uint32_t row = 0;
};

struct Wanted {
  segment::MetricKind kind;
  std::string_view name;
  std::string_view help;
  Unit unit;
  std::chrono::seconds every;
  std::vector<Dimension> dimensions;
  std::vector<double> bounds{};
  bool from_call = false;
  bool stop_if_bad = false;
};

// The place of that metric, made if need be. Any thread; takes a lock.
Place place_of(const Wanted& wanted);

struct Store;
// The store, made if need be; nullptr when there is no memory for it.
Store* ensure_store();

// The sets of dimensions that calls have made count no more: the store is another one.
void forget_sets();

// "" or what is wrong with it.
std::string_view problem_of_name(std::string_view name, size_t bytes_max);

inline constexpr size_t kNameMax = 255;  // CloudWatch: MetricName, dimension names
inline constexpr size_t kHelpMax = 255;
inline constexpr size_t kValueMax = 255;  // CloudWatch takes 1,024; nobody reads that many
inline constexpr size_t kBoundsMax = 64;
inline constexpr size_t kDimensionsMax = 29;  // of CloudWatch's 30; `Environment` is ours
static_assert(kNameMax + kHelpMax + kDimensionsMax * (kNameMax + kValueMax + 2) +
                      kBoundsMax * sizeof(double) <=
                  segment::kSeriesTextMax,
              "what is allowed fits");

}  // namespace outrigger::metrics
