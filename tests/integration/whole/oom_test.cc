// A service that the OOM killer takes: told as such, with what was live, also where memory is so short
// that the keeper suffers as well, or dies. In memory groups of version 1.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "deaths.h"
#include "harness.h"
#include "memory_cgroup.h"

namespace outrigger::whole {
namespace {

constexpr size_t kLimitBytes = 200u << 20;
constexpr const char* kKilledByIt = "service ended: killed by the OOM killer";
constexpr const char* kNoGroup = "no memory cgroup of version 1 can be made here";

int oom_kills() {
  const char* const text = getenv("OUTRIGGER_TEST_OOM_KILLS");
  return text != nullptr ? atoi(text) : 2;
}

StartOptions options_in(const MemoryCgroup& group) {
  StartOptions in_group = options();
  in_group.in_child = [&group] { group.enter(); };
  return in_group;
}

// Whoever starts the file next reads it anew, and its pages count against that one's memory group: as
// in a container, whose file nobody else has in memory.
void drop_from_page_cache(const char* path) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  fdatasync(fd);
  posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  close(fd);
}

// All pieces of the heap profile are there; `profile fetch` puts them together again.
void expect_profile(const std::string& name, const std::string& log) {
  Scratch scratch;
  std::ofstream(scratch.path("log")) << log;
  StartOptions fetch;
  fetch.in_child = [&] {
    dup2(open(scratch.path("log").c_str(), O_RDONLY | O_CLOEXEC), STDIN_FILENO);
  };
  Program fetched(DIER, {"profile", "fetch", name, "-o", scratch.path("heap")}, fetch);
  EXPECT_EQ(fetched.exit_status(kPatience), 0) << fetched.err();
  EXPECT_EQ(read_file(scratch.path("heap")).substr(0, 2), "\x1f\x8b");
}

enum class Pages { kOfOthers, kOfTheGroup };

void expect_told(Pages pages) {
  const MemoryCgroup group(kLimitBytes);
  if (!group) GTEST_SKIP() << kNoGroup;
  for (int i = 0; i < oom_kills(); ++i) {
    if (pages == Pages::kOfTheGroup) drop_from_page_cache(DIER);
    Program program(DIER, {}, options_in(group));
    const int port = program.service_port();
    ASSERT_NE(port, 0) << program.err();
    http(port, "/die?how=leak&where=worker", "POST");
    ASSERT_EQ(program.exit_status(kPatience), 137) << program.err();
    const auto told = entries(program.out(), "service ended");
    ASSERT_EQ(told.size(), 1u) << program.out();
    const std::string& entry = told.front();
    EXPECT_TRUE(json_text(entry, "message").starts_with(kKilledByIt)) << program.out();
    EXPECT_EQ(json_number(entry, "limit_bytes"), kLimitBytes);
    EXPECT_NE(json_text(entry, "heap").find("dier::leaks"), std::string::npos) << program.out();
    const std::string name = json_text(entry, "heap_profile");
    EXPECT_NE(name, "") << entry;
    expect_profile(name, program.out());
    if (testing::Test::HasFailure()) FAIL() << "in run " << i;
  }
}

TEST(OutOfMemory, is_told_with_the_heap_profile_at_death) { expect_told(Pages::kOfOthers); }

// The program's text is then what the kernel takes away first: the keeper, which needs some for each
// turn, must neither stand still nor be taken for one that does.
TEST(OutOfMemory, is_told_where_the_programs_own_pages_count_as_well) {
  expect_told(Pages::kOfTheGroup);
}

TEST(OutOfMemory, does_not_take_the_keepers_text_away) {
  Program program(DIER, {}, options());
  ASSERT_NE(program.service_port(), 0) << program.err();
  const pid_t keeper = program.keeper_pid();
  ASSERT_GT(keeper, 0);
  const auto locked_kb = [&] {
    const std::string status = read_file("/proc/" + std::to_string(keeper) + "/status");
    const size_t at = status.find("VmLck:");
    return at == std::string::npos ? 0 : atoi(status.c_str() + at + strlen("VmLck:"));
  };
  EXPECT_TRUE(eventually(kPatience, [&] { return locked_kb() > 1024; })) << locked_kb();
}

// Whoever killed the keeper, the one kill that the group has counted is the service's.
TEST(OutOfMemory, is_told_by_the_successor_of_a_keeper_that_was_killed_just_before) {
  const MemoryCgroup group(kLimitBytes);
  if (!group) GTEST_SKIP() << kNoGroup;
  Program program(DIER, {}, options_in(group));
  const int port = program.service_port();
  ASSERT_NE(port, 0) << program.err();
  const pid_t keeper = program.keeper_pid();
  ASSERT_GT(keeper, 0);
  kill(program.pid(), SIGSTOP);  // no successor before the service is gone
  kill(keeper, SIGKILL);
  http(port, "/die?how=leak&where=worker", "POST");
  ASSERT_TRUE(
      eventually(kPatience, [&] { return group.number("memory.oom_control", "oom_kill") == 1; }));
  kill(program.pid(), SIGCONT);
  ASSERT_EQ(program.exit_status(kPatience), 137) << program.err();
  const auto told = entries(program.out(), "service ended");
  ASSERT_EQ(told.size(), 1u) << program.out();
  EXPECT_TRUE(json_text(told.front(), "message").starts_with(kKilledByIt)) << program.out();
  EXPECT_NE(json_text(told.front(), "heap").find("dier::leaks"), std::string::npos) << told.front();
}

// Takes memory in the group until the kernel has killed somebody for it, who is not this one.
pid_t start_eater(const MemoryCgroup& group) {
  const pid_t eater = fork();
  if (eater != 0) return eater;
  group.enter();
  constexpr size_t kStep = 64u << 10;
  for (size_t eaten = 0; eaten < 2 * kLimitBytes; eaten += kStep) {
    if (group.number("memory.oom_control", "oom_kill") > 0) _exit(0);
    memset(malloc(kStep), 1, kStep);
  }
  _exit(1);
}

TEST(OutOfMemory, of_the_keeper_is_not_taken_for_the_services) {
  const MemoryCgroup group(kLimitBytes);
  if (!group) GTEST_SKIP() << kNoGroup;
  Program program(DIER, {}, options_in(group));
  ASSERT_NE(program.service_port(), 0) << program.err();
  const pid_t keeper = program.keeper_pid();
  ASSERT_GT(keeper, 0);
  std::ofstream("/proc/" + std::to_string(keeper) + "/oom_score_adj") << 1000 << std::flush;
  const pid_t eater = start_eater(group);
  int status = -1;
  ASSERT_EQ(waitpid(eater, &status, 0), eater);
  ASSERT_EQ(status, 0);
  ASSERT_TRUE(eventually(kPatience, [&] {
    const pid_t now = program.keeper_pid();
    return now > 0 && now != keeper;
  })) << program.err();
  // What the service outlives is only known after a while: two looks, half a second apart.
  std::this_thread::sleep_for(std::chrono::seconds(3));
  program.signal_service(SIGKILL);
  ASSERT_EQ(program.exit_status(kPatience), 137) << program.err();
  const auto told = entries(program.out(), "service ended");
  ASSERT_EQ(told.size(), 1u) << program.out();
  EXPECT_TRUE(json_text(told.front(), "message").starts_with("service ended: killed by signal 9"))
      << program.out();
}

}  // namespace
}  // namespace outrigger::whole
