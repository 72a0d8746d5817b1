// Against moto, for semantics that the project's own emulator might share a mistake about: what
// GetMetricStatistics says adds up to what the service counted, to the last one, also across kill -9
// of keeper and service.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "../whole/moto.h"
#include "harness.h"
#include "logged.h"

namespace outrigger::whole {
namespace {

std::string utc(time_t seconds) {
  char text[32];
  tm parts{};
  gmtime_r(&seconds, &parts);
  strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

class MetricsMoto : public testing::Test {
 protected:
  // "Sum" or "SampleCount" of all that was ever posted under that name.
  double statistic(const std::string& metric, const std::string& what) const {
    const time_t now = time(nullptr);
    const std::string answer = moto_call(
        moto_.port(), "monitoring", "Content-Type: application/x-www-form-urlencoded\r\n",
        "Action=GetMetricStatistics&Version=2010-08-01&Namespace=logger&MetricName=" + metric +
            "&StartTime=" + utc(now - 7200) + "&EndTime=" + utc(now + 7200) +
            "&Period=60&Statistics.member.1=" + what +
            "&Dimensions.member.1.Name=Environment&Dimensions.member.1.Value=local");
    double sum = 0;
    const std::string tag = "<" + what + ">";
    for (size_t at = 0; (at = answer.find(tag, at)) != std::string::npos; at += tag.size())
      sum += strtod(answer.c_str() + at + tag.size(), nullptr);
    return sum;
  }
  bool posts(double more = 100) const {
    const double before = statistic("Lines", "Sum");
    return eventually(kPatience, [&] { return statistic("Lines", "Sum") >= before + more; });
  }
  // A call that was under way in each thread may be counted and not have returned.
  void expect_all(double under_way) const {
    const auto returned =
        static_cast<double>(counts_->returned[0].load() + counts_->returned[1].load());
    const double lines = statistic("Lines", "Sum"), numbers = statistic("Numbers", "SampleCount");
    printf("counted %.0f, posted %.0f and %.0f\n", returned, lines, numbers);
    EXPECT_GT(returned, 100);
    EXPECT_GE(lines, returned);
    EXPECT_LE(lines, returned + under_way);
    EXPECT_GE(numbers, returned);
    EXPECT_LE(numbers, returned + under_way);
  }
  static int64_t ambiguous(const std::string& health) {
    const std::string_view shipping = std::string_view(health).substr(health.find("\"shipping\":"));
    return json_number(shipping.substr(shipping.find("\"metrics\":")), "ambiguous").value_or(0);
  }
  StartOptions options() const {
    StartOptions options;
    options.environment = {"AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=test",
                           "AWS_SECRET_ACCESS_KEY=test", "AWS_EC2_METADATA_DISABLED=true",
                           "AWS_ENDPOINT_URL=http://127.0.0.1:" + std::to_string(moto_.port())};
    return options;
  }

  const Moto moto_;
  CountsFile counts_;
  Program program_{
      LOGGER,
      {"run", "--logs", "stdout-json", "--metrics", "cloudwatch", "--counts", counts_.path(),
       "--threads", "2", "--rate", "200", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"},
      options()};
};

TEST_F(MetricsMoto, all_adds_up_when_the_service_stops) {
  ASSERT_TRUE(posts()) << program_.err() << http(program_.admin_port(), "/health").body;
  kill(program_.pid(), SIGTERM);
  EXPECT_EQ(program_.exit_status(kPatience), 0) << program_.err();
  expect_all(0);
}

TEST_F(MetricsMoto, all_adds_up_across_kills_of_keeper_and_service) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(posts()) << program_.err();
    const pid_t keeper = program_.keeper_pid();
    kill(keeper, SIGKILL);
    ASSERT_TRUE(eventually(kPatience, [&] { return program_.keeper_pid() != keeper; }));
  }
  ASSERT_TRUE(posts());
  const int64_t excess = ambiguous(http(program_.admin_port(), "/health").body);
  kill(counts_->service_pid.load(), SIGKILL);
  EXPECT_EQ(program_.exit_status(kPatience), 128 + SIGKILL);
  // Who was killed while a request was under way leaves what may have come twice: posting_test.cc
  // has its bound.
  if (excess != 0) printf("%ld ambiguous datums\n", static_cast<long>(excess));
  else expect_all(2);
  EXPECT_GE(statistic("Lines", "Sum"),
            static_cast<double>(counts_->returned[0].load() + counts_->returned[1].load()));
}

}  // namespace
}  // namespace outrigger::whole
