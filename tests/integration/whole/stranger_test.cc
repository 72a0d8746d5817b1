// A user's program keeps its own constructors, symbols and libraries, static and dynamic.
#include <gtest/gtest.h>
#include <signal.h>

#include "harness.h"

namespace outrigger::whole {
namespace {

class Stranger : public testing::TestWithParam<const char*> {};

int count_lines(const std::string& text, std::string_view what) {
  int n = 0;
  for_each_line(text, [&](std::string_view line) { n += line.starts_with(what) ? 1 : 0; });
  return n;
}

TEST_P(Stranger, is_constructed_once_in_the_service_and_everything_works) {
  Scratch scratch;
  StartOptions options;
  options.environment = {"STRANGER_TRACE=" + scratch.path("trace")};
  Program program(
      GetParam(),
      {"run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--logs", "stdout-json"},
      options);
  const int admin = program.admin_port();
  const int service = program.service_port();
  ASSERT_NE(service, 0) << program.err() << program.out();
  const HttpAnswer evidence = http(service, "/evidence");
  EXPECT_EQ(evidence.status, 200) << evidence.body;
  EXPECT_EQ(json_number(evidence.body, "digest"), 42);
  EXPECT_EQ(json_number(evidence.body, "error"), 4711);
  EXPECT_EQ(json_text(evidence.body, "caught"), "thrown");
  EXPECT_GT(json_number(evidence.body, "turns").value_or(0), 0);
  EXPECT_EQ(http(admin, "/health").status, 200);

  const std::string trace = read_file(scratch.path("trace"));
  EXPECT_EQ(count_lines(trace, "earliest "), 1) << trace;
  EXPECT_EQ(count_lines(trace, "global "), 1) << trace;
  EXPECT_NE(trace.find("global " + std::to_string(program.service_pid())), std::string::npos)
      << trace;

  kill(program.pid(), SIGTERM);
  EXPECT_EQ(program.exit_status(kPatience), 0) << program.err();
  EXPECT_NE(program.out().find("logged by a constructor"), std::string::npos) << program.out();
  EXPECT_NE(program.out().find("printed by main"), std::string::npos) << program.out();
}
std::string linkage_name(const testing::TestParamInfo<const char*>& info) {
  return std::string(info.param).ends_with("_dynamic") ? "dynamic_pie" : "static_pie";
}
INSTANTIATE_TEST_SUITE_P(Linkage, Stranger, testing::Values(STRANGER, STRANGER_DYNAMIC),
                         linkage_name);

}  // namespace
}  // namespace outrigger::whole
