// What is sent of one metric for one interval, and the bodies of PutMetricData made of many. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace outrigger::keeper {

// How often each value was met, values rising.
using Distribution = std::vector<std::pair<double, uint64_t>>;

struct Datum {
  std::string name;
  std::string unit;  // CloudWatch's word
  std::vector<std::pair<std::string, std::string>> dimensions;
  bool high_resolution = false;
  double value = 0;           // unless there is a distribution
  Distribution distribution;  // buckets' middles
};

// A distribution as a single number, for people.
double mean_of(const Distribution& distribution);

// At most 150 values each, as many as it takes: CloudWatch adds up what has one name and time.
// Buckets are merged by threes where there are more than 150; every value sent is then within 2.5 %
// of those that it stands for (2.35 %, a bucket alone 0.78 %).
std::vector<Distribution> sendable(const Distribution& distribution);

// One "MetricData" member or several, with commas between them.
void append_datum(const Datum& datum, int64_t unix_s, std::string& out, size_t& members);
std::string body_begin(const std::string& name_space);
inline constexpr std::string_view kBodyEnd = "]}";

}  // namespace outrigger::keeper
