// The tests' main: the same file is started again as a keeper.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include "crew.h"

int main(int argc, char** argv) {
  if (outrigger::keeper::be_keeper_if_asked(argc, argv)) return 0;
  signal(SIGPIPE, SIG_IGN);
  // Keepers that a test kills with SIGSEGV are to die of it at once, also under a sanitizer, whose
  // handler may deadlock.
  for (const char* options : {"TSAN_OPTIONS", "ASAN_OPTIONS"}) setenv(options, "handle_segv=0", 0);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
