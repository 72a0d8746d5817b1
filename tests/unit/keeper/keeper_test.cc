// The keeper as a process: what it is given, what it prints, how it ends.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crew.h"
#include "outrigger/log.h"

namespace outrigger::keeper {
namespace {

TEST(Keeper, prints_what_was_logged_and_how_the_service_ended) {
  Crew crew;
  log::info("first {n}", 1);
  crew.start_keeper();
  log::warn("second {n}", 2);
  EXPECT_TRUE(eventually([&] { return lines_of(crew.output()).size() == 2; }));
  log::error("third");
  crew.say_service_ended(CLD_EXITED, 3);
  EXPECT_EQ(crew.wait_for_keeper(), 0);
  const auto lines = lines_of(crew.output());
  ASSERT_EQ(lines.size(), 4u) << crew.output();
  EXPECT_EQ(field_of(lines[0], "message"), "first 1");
  EXPECT_EQ(field_of(lines[0], "n"), "1");
  EXPECT_EQ(field_of(lines[0], "seq"), "0");
  EXPECT_EQ(field_of(lines[1], "level"), "WARN");
  EXPECT_EQ(field_of(lines[2], "message"), "third");
  EXPECT_EQ(field_of(lines[3], "message"), "service ended: exit code 3");
  EXPECT_EQ(field_of(lines[3], "level"), "ERROR");
  EXPECT_EQ(field_of(lines[3], "ring"), "keeper.0");
  EXPECT_NE(crew.complaints().find("tested: admin on http://127.0.0.1:"), std::string::npos) << crew.complaints();
}

}  // namespace
}  // namespace outrigger::keeper
