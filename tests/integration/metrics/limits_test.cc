// CloudWatch's limits, at and beyond each, through a real keeper: the strict emulator finds nothing to
// object to, and everything arrives.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include "emulator.h"
#include "harness.h"

namespace outrigger::whole {
namespace {

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
    ASSERT_TRUE(eventually(kPatience, [&] {
      return what[0] != "--attack" || program.out().find("attacked") != std::string::npos;
    }));
    health_ = http(program.admin_port(), "/health").body;
    kill(program.pid(), SIGTERM);
    EXPECT_EQ(program.exit_status(kPatience), 0) << program.err();
    EXPECT_EQ(emulator_.violations(), 0) << emulator_.report().substr(0, 2'000);
  }
  int64_t seen(const std::vector<std::string>& path) const {
    std::vector<std::string> whole{"metrics"};
    whole.insert(whole.end(), path.begin(), path.end());
    return emulator_.count(whole);
  }
  double sum(const std::string& key, const std::string& what = "sum") const {
    const std::string report = emulator_.report();
    const size_t at = report.find("\"" + key + " Environment=local\":");
    const size_t number = report.find("\"" + what + "\":", at);
    if (at == std::string::npos || number == std::string::npos) return -1;
    return strtod(report.c_str() + number + what.size() + 3, nullptr);
  }

  test::Emulator emulator_;
  std::string health_;
};

TEST_F(LimitsTest, a_thousand_metrics_a_request_and_one_less_and_one_more) {
  for (const int counters : {999, 1000, 1001}) {
    emulator_.control("POST", "clear");
    run({"--counters", std::to_string(counters)});
    EXPECT_EQ(seen({"distinct"}), counters);
    EXPECT_EQ(seen({"largest", "members"}), std::min(counters, 1000));
    EXPECT_EQ(sum("meter C000000"), 1);
    EXPECT_EQ(sum("meter C000998"), 999);
  }
}

TEST_F(LimitsTest, a_hundred_and_fifty_values_and_one_less_and_one_more) {
  for (const int distinct : {149, 150, 151, 451}) {
    emulator_.control("POST", "clear");
    run({"--distinct", std::to_string(distinct)});
    EXPECT_EQ(sum("meter Distinct", "count"), distinct);
    EXPECT_LE(seen({"largest", "values"}), 150);
    if (distinct <= 150) {
      EXPECT_EQ(seen({"largest", "values"}), distinct);
    }
  }
}

TEST_F(LimitsTest, the_longest_names_and_dimensions_in_requests_that_are_nearly_full) {
  run({"--large", "450"});
  EXPECT_EQ(seen({"distinct"}), 450);
  EXPECT_LE(seen({"largest", "bytes"}), 1'000'000);
  EXPECT_GE(seen({"largest", "bytes"}), 990'000);
}

TEST_F(LimitsTest, values_that_cloudwatch_does_not_take_are_not_sent) {
  run({"--odd"});
  EXPECT_EQ(sum("meter Largest", "count"), sum("meter Smallest", "count"));
  EXPECT_GT(sum("meter Largest", "count"), 0);
  EXPECT_EQ(seen({"distinct"}), 2);
}

TEST_F(LimitsTest, a_million_random_dimensions_are_two_hundred_metrics) {
  run({"--attack", "1000000"});
  EXPECT_EQ(seen({"distinct"}), 201);  // and the one that took the rest
  EXPECT_EQ(sum("meter Attack User=other"), 1'000'000 - 200);
  EXPECT_NE(health_.find("999800 updates of metrics went to \\\"other\\\""), std::string::npos)
      << health_.substr(0, 2'000);
}

}  // namespace
}  // namespace outrigger::whole
