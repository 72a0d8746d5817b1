// The tests' main: the same file is started again as a keeper.
#include <gtest/gtest.h>
#include <signal.h>

#include "crew.h"

int main(int argc, char** argv) {
  if (outrigger::keeper::be_keeper_if_asked(argc, argv)) return 0;
  signal(SIGPIPE, SIG_IGN);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
