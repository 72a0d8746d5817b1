// CloudWatch's limits, at and beyond each, through a real keeper: the strict emulator finds nothing to
// object to, and everything arrives.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <string>
#include <vector>

#include "emulator.h"
#include "harness.h"
#include "posted.h"

namespace outrigger::whole {
namespace {

constexpr int64_t kBytes = 1'000'000;  // "1 MB" of a request

class LimitsTest : public testing::Test {
 protected:
  // Runs the meter until all its metrics are made, then stops it: whatever there is is posted.
  void run(std::vector<std::string> what) {
    StartOptions options;
    options.environment = emulator_.environment();
    std::vector<std::string> arguments{"run",         "--logs",     "stdout-json",
                                       "--metrics",   "cloudwatch", "--listen",
                                       "127.0.0.1:0", "--admin",    "127.0.0.1:0"};
    arguments.insert(arguments.end(), what.begin(), what.end());
    Program program(METER, arguments, options);
    ASSERT_TRUE(eventually(kPatience, [&] {
      return http(program.admin_port(), "/readyz").status == 200;
    })) << program.err();
    health_ = http(program.admin_port(), "/health").body;
    kill(program.pid(), SIGTERM);
    EXPECT_EQ(program.exit_status(kPatience), 0) << program.err();
    out_ = program.out();
    EXPECT_EQ(emulator_.violations(), 0) << emulator_.report().substr(0, 2'000);
  }
  int64_t seen(const std::vector<std::string>& path) const {
    std::vector<std::string> whole{"metrics"};
    whole.insert(whole.end(), path.begin(), path.end());
    return emulator_.count(whole);
  }
  double sum(const std::string& metric, const std::string& what = "sum") const {
    return posted(emulator_, "meter " + metric + " Environment=local", what);
  }

  test::Emulator emulator_;
  std::string health_;
  std::string out_;
};

TEST_F(LimitsTest, a_thousand_metrics_a_request_and_one_less_and_one_more) {
  for (const int counters : {999, 1000, 1001}) {
    emulator_.control("POST", "clear");
    run({"--counters", std::to_string(counters)});
    EXPECT_EQ(seen({"distinct"}), counters);
    EXPECT_EQ(seen({"largest", "members"}), std::min(counters, 1000));
    EXPECT_EQ(sum("C000000"), 1);
    EXPECT_EQ(sum("C000998"), 999);
  }
}

TEST_F(LimitsTest, a_hundred_and_fifty_values_and_one_less_and_one_more) {
  for (const int distinct : {149, 150, 151, 451}) {
    emulator_.control("POST", "clear");
    run({"--distinct", std::to_string(distinct)});
    EXPECT_EQ(sum("Distinct", "count"), distinct);
    EXPECT_LE(seen({"largest", "values"}), 150);
    if (distinct <= 150) {
      EXPECT_EQ(seen({"largest", "values"}), distinct);
    }
  }
}

TEST_F(LimitsTest, a_request_of_a_million_bytes_and_one_less_and_one_more) {
  const auto largest = [&](int64_t metrics, int64_t more) {
    emulator_.control("POST", "clear");
    run({"--large", std::to_string(metrics), "--more", std::to_string(more)});
    EXPECT_EQ(seen({"distinct"}), metrics);
    return seen({"largest", "bytes"});
  };
  const int64_t one = largest(1, 0), two = largest(2, 0);
  const int64_t each = two - one;
  ASSERT_GT(each, 3'000);
  const int64_t metrics = 1 + (kBytes - one) / each;
  const int64_t rest = kBytes - one - (metrics - 1) * each;
  EXPECT_EQ(largest(metrics, rest - 1), kBytes - 1);
  EXPECT_EQ(largest(metrics, rest), kBytes);
  // The last one goes with a request of its own.
  EXPECT_EQ(largest(metrics, rest + 1), one + (metrics - 2) * each + rest + 1);
}

TEST_F(LimitsTest, thirty_dimensions_and_one_less_and_one_more) {
  for (const int dimensions : {28, 29, 30}) {
    emulator_.control("POST", "clear");
    run({"--wide", std::to_string(dimensions)});
    // Environment is one more.
    EXPECT_EQ(seen({"largest", "dimensions"}), dimensions <= 29 ? dimensions + 1 : 0);
    EXPECT_EQ(seen({"distinct"}), dimensions <= 29 ? 1 : 0);
    EXPECT_EQ(health_.find("1 metric is not published") != std::string::npos, dimensions > 29)
        << health_;
  }
  EXPECT_NE(out_.find("has more than 29 dimensions"), std::string::npos) << out_;
}

TEST_F(LimitsTest, values_that_cloudwatch_does_not_take_are_not_sent) {
  run({"--odd"});
  EXPECT_EQ(sum("Largest", "count"), sum("Smallest", "count"));
  EXPECT_GT(sum("Largest", "count"), 0);
  EXPECT_EQ(seen({"distinct"}), 2);
}

}  // namespace
}  // namespace outrigger::whole
