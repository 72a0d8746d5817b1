// The units of metrics.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace outrigger::metrics {

// CloudWatch's units (API reference, MetricDatum), in its order.
enum class Unit : uint8_t {
  kNone,
  kSeconds,
  kMicroseconds,
  kMilliseconds,
  kBytes,
  kKilobytes,
  kMegabytes,
  kGigabytes,
  kTerabytes,
  kBits,
  kKilobits,
  kMegabits,
  kGigabits,
  kTerabits,
  kPercent,
  kCount,
  kBytesPerSecond,
  kKilobytesPerSecond,
  kMegabytesPerSecond,
  kGigabytesPerSecond,
  kTerabytesPerSecond,
  kBitsPerSecond,
  kKilobitsPerSecond,
  kMegabitsPerSecond,
  kGigabitsPerSecond,
  kTerabitsPerSecond,
  kCountPerSecond,
};

inline constexpr std::string_view kUnitNames[] = {"None",
                                                  "Seconds",
                                                  "Microseconds",
                                                  "Milliseconds",
                                                  "Bytes",
                                                  "Kilobytes",
                                                  "Megabytes",
                                                  "Gigabytes",
                                                  "Terabytes",
                                                  "Bits",
                                                  "Kilobits",
                                                  "Megabits",
                                                  "Gigabits",
                                                  "Terabits",
                                                  "Percent",
                                                  "Count",
                                                  "Bytes/Second",
                                                  "Kilobytes/Second",
                                                  "Megabytes/Second",
                                                  "Gigabytes/Second",
                                                  "Terabytes/Second",
                                                  "Bits/Second",
                                                  "Kilobits/Second",
                                                  "Megabits/Second",
                                                  "Gigabits/Second",
                                                  "Terabits/Second",
                                                  "Count/Second"};

// CloudWatch's word: "Bytes/Second".
constexpr std::string_view unit_name(Unit unit) {
  const auto index = static_cast<std::size_t>(unit);
  return kUnitNames[index < sizeof(kUnitNames) / sizeof(kUnitNames[0]) ? index : 0];
}

}  // namespace outrigger::metrics
