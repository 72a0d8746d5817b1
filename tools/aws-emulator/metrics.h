// CloudWatch metrics: PutMetricData over the query protocol and over JSON 1.0, with its limits.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "api.h"

namespace outrigger::emulator {

// "PutMetricData" and "MetricDatum" in the API reference.
inline constexpr size_t kPostBytesMax = 1u << 20;
inline constexpr size_t kMetricsMax = 1000;
inline constexpr size_t kDimensionsMax = 30;
inline constexpr size_t kValuesMax = 150;
inline constexpr size_t kNameBytesMax = 255;

class Metrics {
 public:
  Metrics(Clock& clock, Violations& violations) : clock_(clock), violations_(violations) {}

  Answer answer(const Call& call);
  // What came, newest last, and sums per name and dimensions.
  json::object report() const;
  void clear();

 private:
  std::optional<Answer> judge(const Call& call, const json::object& in);
  std::string judge_datum(const json::object& datum) const;
  void take(const json::object& in, size_t bytes);

  static constexpr size_t kKeptMax = 100'000;

  Clock& clock_;
  Violations& violations_;
  Quota quota_{500};
  mutable std::mutex mutex_;
  uint64_t posts_ = 0;  // guarded by mutex_, as is the rest
  uint64_t datums_ = 0;
  size_t bytes_max_ = 0;  // of a post, without its compression
  size_t members_max_ = 0;
  size_t values_max_ = 0;  // of a datum
  size_t dimensions_max_ = 0;
  json::array kept_;
  std::map<std::string, std::pair<double, double>> sums_;  // count and sum
};

}  // namespace outrigger::emulator
