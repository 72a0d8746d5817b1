// Against moto, for semantics that the project's own emulator might share a mistake about: group and
// stream, and a real PutMetricFilter whose pattern the entries have to match.
#include <gtest/gtest.h>
#include <signal.h>

#include "../whole/moto.h"
#include "harness.h"
#include "logged.h"

namespace outrigger::whole {
namespace {

TEST(ShippingMoto, entries_arrive_and_the_metric_filter_of_an_alarm_fits_them) {
  const Moto moto;
  ASSERT_TRUE(moto.started());
  CountsFile counts;
  StartOptions options;
  options.environment = {"AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=test",
                         "AWS_SECRET_ACCESS_KEY=test", "AWS_EC2_METADATA_DISABLED=true",
                         "AWS_ENDPOINT_URL=http://127.0.0.1:" + std::to_string(moto.port())};
  Program program(LOGGER,
                  {"run", "--logs", "cloudwatch", "--counts", counts.path(), "--threads", "1",
                   "--rate", "200", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"},
                  options);
  const std::string group = R"("logGroupName":"/outrigger/logger/local")";
  ASSERT_TRUE(eventually(
      60s,
      [&] {
        return logs_call(moto.port(), "FilterLogEvents", "{" + group + "}").find("\\\"n\\\":100") !=
               std::string::npos;
      }))
      << program.err() << http(program.admin_port(), "/health").body;
  const std::string put = logs_call(
      moto.port(), "PutMetricFilter",
      "{" + group +
          R"(,"filterName":"errors","filterPattern":"{ $.level = \"FATAL\" }","metricTransformations":[{"metricName":"Errors","metricNamespace":"logger","metricValue":"1"}]})");
  EXPECT_NE(put.find("200 OK"), std::string::npos) << put;
  EXPECT_NE(logs_call(moto.port(), "DescribeMetricFilters", "{" + group + "}").find("errors"),
            std::string::npos);
  kill(counts->service_pid.load(), SIGKILL);
  EXPECT_EQ(program.exit_status(60s), 128 + SIGKILL);
  // moto keeps filters and evaluates none; that the pattern fits is shown against the project's own
  // emulator (shipping_test.cc).
  const std::string events = logs_call(moto.port(), "FilterLogEvents",
                                       "{" + group + R"(,"filterPattern":"\"service ended\""})");
  EXPECT_NE(events.find("\\\"level\\\":\\\"FATAL\\\""), std::string::npos) << events;
}

}  // namespace
}  // namespace outrigger::whole
