// Operations have request count, errors and latency by themselves: of what is asked over HTTP, and of
// nothing else.
#include <gtest/gtest.h>
#include <signal.h>

#include <string>
#include <vector>

#include "emulator.h"
#include "posted.h"
#include "watched.h"

namespace outrigger::whole {
namespace {

const std::vector<std::string> kRun{"run",         "--logs",     "stdout-json",
                                    "--metrics",   "cloudwatch", "--listen",
                                    "127.0.0.1:0", "--admin",    "127.0.0.1:0"};
const std::string kOf = "{operation=\"answer\"}";

TEST(OperationMetrics, count_requests_errors_and_time) {
  const test::Emulator emulator;
  StartOptions options;
  options.environment = emulator.environment();
  Program program(WORKER, kRun, options);
  const int port = program.service_port();
  ASSERT_NE(port, 0) << program.err();

  const std::string quiet = metrics_page(program.admin_port());
  EXPECT_EQ(sample_of(quiet, "requests_total" + kOf), 0);
  EXPECT_EQ(sample_of(quiet, "errors_total" + kOf), 0);

  struct Asked {
    const char* path;
    int status, times;
  };
  // What the caller did wrong is answered, and no error of the service's.
  for (const Asked& each : {Asked{"/answer?how=ok", 200, 7}, Asked{"/answer?how=bad", 400, 5},
                            Asked{"/answer?how=never", 400, 4}, Asked{"/answer?how=failed", 500, 3},
                            Asked{"/answer?how=thrown", 500, 2}, Asked{"/nowhere", 404, 6}}) {
    for (int i = 0; i < each.times; ++i) EXPECT_EQ(http(port, each.path).status, each.status);
  }
  const std::string page = metrics_page(program.admin_port());
  EXPECT_EQ(sample_of(page, "requests_total" + kOf), 21);
  EXPECT_EQ(sample_of(page, "errors_total" + kOf), 5);
  // In base units: Milliseconds are seconds there.
  EXPECT_EQ(sample_of(page, "latency_seconds_count" + kOf), 21);
  const double sum = sample_of(page, "latency_seconds_sum" + kOf).value_or(-1);
  EXPECT_GT(sum, 0);
  EXPECT_LT(sum, 21 * 60.0);
  EXPECT_EQ(sample_of(page, "requests_total{operation=\"hold\"}"), 0);
  EXPECT_EQ(page.find("operation=\"alone\""), std::string::npos) << "it has no endpoint";

  kill(program.pid(), SIGTERM);
  EXPECT_EQ(program.exit_status(kPatience), 0) << program.err();
  const auto sent = [&](const std::string& metric, const std::string& what) {
    return posted(emulator, "worker " + metric + " Operation=answer Environment=local", what);
  };
  EXPECT_EQ(sent("Requests", "sum"), 21);
  EXPECT_EQ(sent("Errors", "sum"), 5);
  EXPECT_EQ(sent("Latency", "count"), 21);
  EXPECT_EQ(emulator.violations(), 0);
}

// A command is no request: nothing is counted, nothing is posted.
TEST(OperationMetrics, a_command_has_none) {
  const test::Emulator emulator;
  StartOptions options;
  options.environment = emulator.environment();
  Program command(WORKER, {"answer", "ok"}, options);
  EXPECT_EQ(command.exit_status(kPatience), 0) << command.err();
  EXPECT_EQ(emulator.count({"metrics", "datums"}), 0);
}

}  // namespace
}  // namespace outrigger::whole
