#include "keeper/datum.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "segment/metrics.h"

namespace outrigger::keeper {
namespace {

// The property that is promised: at most 150 values a datum, no count lost, no value further than
// 2.5 % from what it stands for, however wide the distribution.
TEST(Datum, what_is_sent_stands_for_every_value) {
  std::mt19937_64 random(1);
  double worst = 0;
  for (int round = 0; round < 200; ++round) {
    const int octaves = 1 + round % static_cast<int>(internal::kOctaves);
    Distribution distribution;
    uint64_t count = 0;
    if (round % 2 == 0) distribution.emplace_back(0, 5), count += 5;
    for (int o = 0; o < octaves; ++o) {
      for (size_t b = 0; b < segment::kBlockBuckets; ++b) {
        if (random() % 3 == 0) continue;
        const uint64_t times = 1 + random() % 1000;
        distribution.emplace_back(segment::bucket_middle(static_cast<uint32_t>(o), b), times);
        count += times;
      }
    }
    const auto parts = sendable(distribution);
    auto at = distribution.begin();
    uint64_t sent = 0;
    for (const Distribution& part : parts) {
      EXPECT_LE(part.size(), 150u);
      for (const auto& [value, times] : part) {
        sent += times;
        for (uint64_t covered = 0; covered < times; ++at) {
          covered += at->second;
          ASSERT_LE(covered, times);
          if (at->first == 0) {
            EXPECT_EQ(value, 0);
            continue;
          }
          // The bucket's ends, which a value may have had.
          for (const double edge : {at->first * (1 - 1.0 / 129), at->first * (1 + 1.0 / 129)})
            worst = std::max(worst, std::abs(value - edge) / edge);
        }
      }
    }
    EXPECT_EQ(sent, count);
    EXPECT_EQ(at, distribution.end());
  }
  EXPECT_LE(worst, 0.025);
  EXPECT_GT(worst, 0.015) << "the test looks at nothing";
}

TEST(Datum, few_values_are_sent_as_they_are) {
  for (const size_t values : {149u, 150u, 151u}) {
    Distribution distribution;
    for (size_t i = 0; i < values; ++i)
      distribution.emplace_back(segment::bucket_middle(static_cast<uint32_t>(i / 64), i % 64), 1);
    const auto parts = sendable(distribution);
    ASSERT_EQ(parts.size(), 1u);
    EXPECT_EQ(parts[0].size() == values, values <= 150);
  }
}

TEST(Datum, is_one_member_of_the_call) {
  Datum datum;
  datum.name = "A\"b";
  datum.unit = "Count";
  datum.dimensions = {{"Route", "/a\\"}};
  datum.value = 3;
  std::string body = body_begin("svc");
  size_t members = 0;
  append_datum(datum, 1'700'000'000, body, members);
  datum.dimensions.clear();
  datum.high_resolution = true;
  datum.distribution = {{0.5, 2}, {1.25, 1}};
  append_datum(datum, 1'700'000'001, body, members);
  body += kBodyEnd;
  EXPECT_EQ(members, 2u);
  EXPECT_EQ(
      body,
      R"({"Namespace":"svc","MetricData":[{"MetricName":"A\"b","Dimensions":[{"Name":"Route",)"
      R"("Value":"/a\\"}],"Unit":"Count","Timestamp":1700000000,"Value":3},{"MetricName":"A\"b",)"
      R"("Unit":"Count","Timestamp":1700000001,"StorageResolution":1,"Values":[0.5,1.25],)"
      R"("Counts":[2,1]}]})");
}

}  // namespace
}  // namespace outrigger::keeper
