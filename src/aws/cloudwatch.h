// CloudWatch's metrics, JSON 1.0.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

#include "aws/client.h"

namespace outrigger::aws::cloudwatch {

// --- Limits of PutMetricData (API_PutMetricData.html, API_MetricDatum.html) ----------------------
inline constexpr std::size_t kPostBytesMax = 1'000'000;  // "1 MB"; the smaller reading of it
inline constexpr std::size_t kMetricsMax = 1'000;
inline constexpr std::size_t kValuesMax = 150;
inline constexpr std::size_t kDimensionsMax = 30;
inline constexpr double kValueMax = 0x1p360;
inline constexpr std::chrono::hours kAgeMax{14 * 24};

struct Done {};
enum class Encoding { kPlain, kGzip };

// `body` is the call's JSON as a whole.
Outcome<Done> put_metric_data(Client& client, std::string_view body, Encoding encoding,
                              std::chrono::milliseconds timeout, int attempts,
                              const http::Cancel* cancel);

}  // namespace outrigger::aws::cloudwatch
