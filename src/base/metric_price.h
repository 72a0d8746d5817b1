// What CloudWatch charges (aws.amazon.com/cloudwatch/pricing, us-east-1, November 2026): a custom
// metric is one name with one set of dimensions.
#pragma once

#include <cstdint>
#include <utility>

namespace outrigger::base {

// US dollars a month.
constexpr double price_of_metrics(uint64_t metrics) {
  constexpr std::pair<uint64_t, double> kTiers[] = {
      {10'000, 0.30}, {240'000, 0.10}, {750'000, 0.05}, {UINT64_MAX, 0.02}};
  double price = 0;
  for (const auto& [size, each] : kTiers) {
    const uint64_t here = metrics < size ? metrics : size;
    price += static_cast<double>(here) * each;
    metrics -= here;
  }
  return price;
}
inline constexpr double kPriceOfAlarm = 0.10;

}  // namespace outrigger::base
