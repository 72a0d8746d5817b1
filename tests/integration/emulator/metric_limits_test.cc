// That the emulator is strict with metrics: the limit of each kind is taken, one more is refused and
// noted.
#include <gtest/gtest.h>

#include <cmath>

#include "metrics.h"

namespace outrigger::emulator {
namespace {

struct CloudWatch {
  Clock clock;
  Violations violations;
  Metrics metrics{clock, violations};

  // The status, having seen that exactly refusals are noted.
  int put(const std::string& body) {
    Call one;
    one.protocol = Protocol::kJson;
    one.service = "monitoring";
    one.operation = "PutMetricData";
    const std::string padded = body + std::string(BodyRoom::kPadding, ' ');
    one.body = one.text = {padded.data(), body.size()};
    const int64_t before = total();
    const int status = metrics.answer(one).status;
    EXPECT_EQ(total() - before, status == 200 ? 0 : 1) << body.substr(0, 300);
    return status;
  }
  int64_t total() const { return violations.report().at("total").to_number<int64_t>(); }
};

std::string body_of(const std::string& data) {
  return R"({"Namespace":"n","MetricData":[)" + data + "]}";
}
std::string datum(const std::string& more, const std::string& name = "M") {
  return R"({"MetricName":")" + name + R"(",)" + more + "}";
}
std::string repeated(const std::string& one, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) all += (i == 0 ? "" : ",") + one;
  return all;
}

TEST(EmulatorMetricLimits, a_megabyte) {
  CloudWatch aws;
  std::string body = body_of(datum(R"("Value":1)"));
  body.insert(1, std::string(kPostBytesMax - body.size(), ' '));
  EXPECT_EQ(aws.put(body), 200);
  body.insert(1, " ");
  EXPECT_EQ(aws.put(body), 400);
}

TEST(EmulatorMetricLimits, a_thousand_metrics_and_at_least_one) {
  CloudWatch aws;
  EXPECT_EQ(aws.put(body_of(repeated(datum(R"("Value":1)"), 1000))), 200);
  EXPECT_EQ(aws.put(body_of(repeated(datum(R"("Value":1)"), 1001))), 400);
  EXPECT_EQ(aws.put(body_of("")), 400);
}

TEST(EmulatorMetricLimits, thirty_dimensions_of_names_and_values_that_fit) {
  CloudWatch aws;
  const auto dimension = [](size_t name, size_t value) {
    return R"({"Name":")" + std::string(name, 'n') + R"(","Value":")" + std::string(value, 'v') +
           "\"}";
  };
  const auto with = [](const std::string& dimensions) {
    return body_of(datum(R"("Value":1,"Dimensions":[)" + dimensions + "]"));
  };
  EXPECT_EQ(aws.put(with(repeated(dimension(1, 1), 30))), 200);
  EXPECT_EQ(aws.put(with(repeated(dimension(1, 1), 31))), 400);
  EXPECT_EQ(aws.put(with(dimension(255, 1024))), 200);
  EXPECT_EQ(aws.put(with(dimension(256, 1))), 400);
  EXPECT_EQ(aws.put(with(dimension(1, 1025))), 400);
  EXPECT_EQ(aws.put(with(dimension(1, 0))), 400);
  EXPECT_EQ(aws.put(with(R"({"Name":":n","Value":"v"})")), 400);
}

TEST(EmulatorMetricLimits, a_name_of_255_bytes) {
  CloudWatch aws;
  EXPECT_EQ(aws.put(body_of(datum(R"("Value":1)", std::string(255, 'm')))), 200);
  EXPECT_EQ(aws.put(body_of(datum(R"("Value":1)", std::string(256, 'm')))), 400);
  EXPECT_EQ(aws.put(body_of(datum(R"("Value":1)", ""))), 400);
}

TEST(EmulatorMetricLimits, a_hundred_and_fifty_values_with_as_many_counts) {
  CloudWatch aws;
  const auto with = [](size_t values, size_t counts) {
    return body_of(datum(R"("Values":[)" + repeated("1", values) + R"(],"Counts":[)" +
                         repeated("2", counts) + "]"));
  };
  EXPECT_EQ(aws.put(with(150, 150)), 200);
  EXPECT_EQ(aws.put(with(151, 151)), 400);
  EXPECT_EQ(aws.put(with(150, 149)), 400);
}

TEST(EmulatorMetricLimits, values_up_to_two_to_the_360) {
  CloudWatch aws;
  const auto with = [](double value) {
    char text[64];
    snprintf(text, sizeof text, "%.17g", value);
    return body_of(datum(std::string("\"Value\":") + text));
  };
  EXPECT_EQ(aws.put(with(0x1p360)), 200);
  EXPECT_EQ(aws.put(with(-0x1p360)), 200);
  EXPECT_EQ(aws.put(with(std::nextafter(0x1p360, 0x1p361))), 400);
  EXPECT_EQ(aws.put(body_of(datum(R"("Value":1,"Values":[1])"))), 400);
  EXPECT_EQ(aws.put(body_of(datum(R"("Unit":"Count")"))), 400);
}

TEST(EmulatorMetricLimits, times_units_and_resolutions) {
  CloudWatch aws;
  const auto at = [&](int64_t from_now_s) {
    return body_of(
        datum(R"("Value":1,"Timestamp":)" + std::to_string(aws.clock.now_s() + from_now_s)));
  };
  constexpr int64_t kTwoWeeks = 14 * 24 * 3600, kTwoHours = 2 * 3600;
  // The emulator's clock goes on, so a boundary of its own is a second wide.
  EXPECT_EQ(aws.put(at(-kTwoWeeks + 2)), 200);
  EXPECT_EQ(aws.put(at(-kTwoWeeks - 1)), 400);
  EXPECT_EQ(aws.put(at(kTwoHours)), 200);
  EXPECT_EQ(aws.put(at(kTwoHours + 2)), 400);
  for (const int seconds : {1, 60})
    EXPECT_EQ(
        aws.put(body_of(datum(R"("Value":1,"StorageResolution":)" + std::to_string(seconds)))),
        200);
  for (const int seconds : {0, 2, 59, 61})
    EXPECT_EQ(
        aws.put(body_of(datum(R"("Value":1,"StorageResolution":)" + std::to_string(seconds)))),
        400);
  EXPECT_EQ(aws.put(body_of(datum(R"("Value":1,"Unit":"Bytes/Second")"))), 200);
  EXPECT_EQ(aws.put(body_of(datum(R"("Value":1,"Unit":"bytes")"))), 400);
}

}  // namespace
}  // namespace outrigger::emulator
