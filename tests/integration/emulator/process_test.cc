#include <gtest/gtest.h>
#include <unistd.h>

#include "emulator.h"

namespace outrigger::test {
namespace {

TEST(EmulatorProcess, starts_reports_and_ends) {
  const Emulator emulator;
  ASSERT_TRUE(emulator.started());
  EXPECT_EQ(emulator.violations(), 0);
  EXPECT_EQ(emulator.count({"logs", "events"}), 0);
  EXPECT_EQ(access(emulator.ca_file().c_str(), R_OK), 0);
}

TEST(EmulatorProcess, a_fault_of_an_unknown_kind_is_refused_with_those_that_are_known) {
  const Emulator emulator;
  const std::string answer = emulator.control("PUT", "faults", R"({"kind":"flood"})");
  EXPECT_NE(answer.find("reset_after"), std::string::npos) << answer;
  EXPECT_EQ(emulator.control("PUT", "faults", R"({"kind":"throttle","count":2})").find("error"),
            std::string::npos);
  EXPECT_EQ(emulator.count({"faults", "left"}), 2);
}

TEST(EmulatorProcess, the_account_is_merged) {
  const Emulator emulator;
  emulator.set_account(R"({"instance":{"region":"eu-west-3"},"tags":{"a":"b"}})");
  const std::string account = emulator.control("GET", "account");
  EXPECT_NE(account.find("eu-west-3"), std::string::npos);
  EXPECT_NE(account.find("i-0e11a7e5"), std::string::npos);
}

}  // namespace
}  // namespace outrigger::test
