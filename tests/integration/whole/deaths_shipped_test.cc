// The entry of a death reaches CloudWatch before the supervisor ends, once, with the right function of
// a stripped file; and so does CrashCount.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "emulator.h"
#include "harness.h"

namespace outrigger::whole {
namespace {

struct Death {
  const char* how;
  int status;
  const char* function;  // the program's own that did it; nullptr: no crash
};
constexpr Death kDeaths[] = {
    {"segv", 139, "dier::reads_nowhere"},
    {"call", 139, "0x0"},
    {"overflow", 139, "dier::overflows"},
    {"bus", 135, "dier::reads_beyond_the_file"},
    {"fpe", 136, "dier::divides"},
    {"ill", 132, "dier::traps"},
    {"abort", 134, "dier::aborts"},
    {"throw", 134, "dier::throws"},
    {"kill", 137, nullptr},
    {"exit", 3, nullptr},
};

std::vector<std::string> ends_in(const std::string& messages) {
  std::vector<std::string> found;
  for_each_line(messages, [&](std::string_view line) {
    const std::string message = json_text(line, "message");
    if (message.starts_with("service crashed") || message.starts_with("service ended"))
      found.emplace_back(line);
  });
  return found;
}

class ShippedDeaths : public testing::TestWithParam<const char*> {};

TEST_P(ShippedDeaths, reach_cloudwatch_once_with_the_right_function) {
  const std::string where = GetParam();
  for (const Death& death : kDeaths) {
    SCOPED_TRACE(death.how);
    test::Emulator emulator;
    ASSERT_TRUE(emulator.started());
    StartOptions options;
    options.environment = emulator.environment();
    for (const char* each : {"OUTRIGGER_LISTEN=127.0.0.1:0", "OUTRIGGER_ADMIN=127.0.0.1:0",
                             "OUTRIGGER_LOGS=cloudwatch", "OUTRIGGER_METRICS=cloudwatch",
                             "OUTRIGGER_ENVIRONMENT=production"})
      options.environment.emplace_back(each);
    Program program(DIER, {}, options);
    const int admin = program.admin_port();
    ASSERT_NE(admin, 0) << program.err();
    int port = 0;
    ASSERT_TRUE(eventually(kPatience, [&] {
      for_each_line(emulator.messages(), [&](std::string_view line) {
        constexpr std::string_view kMarker = "answers on http://127.0.0.1:";
        const size_t at = line.find(kMarker);
        if (at != std::string_view::npos)
          port = std::atoi(std::string(line.substr(at + kMarker.size(), 5)).c_str());
      });
      return port != 0;
    })) << emulator.messages();
    http(port, "/die?how=" + std::string(death.how) + "&where=" + where, "POST");
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(program.exit_status(kPatience), death.status) << program.err();
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - began);
    // The supervisor has ended: what was to be delivered is.
    const auto told = ends_in(emulator.messages());
    ASSERT_EQ(told.size(), 1u) << emulator.messages();
    EXPECT_EQ(json_text(told.front(), "level"), "FATAL");
    if (death.function != nullptr) {
      EXPECT_EQ(json_text(told.front(), "function"), death.function) << told.front();
    }
    const bool by_signal = death.status > 128;
    // Of "dier CrashCount Environment=production": its sum follows its name.
    const std::string report = emulator.report();
    const size_t crashes = report.find("CrashCount");
    EXPECT_EQ(crashes != std::string::npos, by_signal) << report;
    if (crashes != std::string::npos) {
      EXPECT_EQ(json_number(report.substr(crashes), "sum"), 1) << report;
    }
    EXPECT_EQ(emulator.violations(), 0) << emulator.report();
    std::printf("%-8s %-6s delivered and ended %lld ms after\n", death.how, where.c_str(),
                static_cast<long long>(took.count()));
  }
}
INSTANTIATE_TEST_SUITE_P(Threads, ShippedDeaths, testing::Values("main", "worker", "many"),
                         [](const auto& where) { return std::string(where.param); });

}  // namespace
}  // namespace outrigger::whole
