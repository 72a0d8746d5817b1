#include "keeper/watch.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vector>

#include "crew.h"

namespace outrigger::keeper {
namespace {

using admin::ProcessState;
using segment::ServicePhase;

constexpr int64_t kNow = 1'000'000'000'000;
constexpr int64_t kSecond = 1'000'000'000;

class Watched {
 public:
  Watched& beat(const char* name, int64_t age_ns) {
    segment::Beat& beat = beats_[count_++];
    strncpy(beat.name, name, sizeof(beat.name) - 1);
    beat.last_ns = kNow - age_ns;
    return *this;
  }
  Verdict in(ServicePhase phase, Circumstances circumstances = {}) {
    circumstances.now_ns = kNow;
    return judge(static_cast<uint32_t>(phase), beats_, circumstances);
  }

 private:
  segment::Beat beats_[segment::kBeats] = {};
  size_t count_ = 0;
};

TEST(Watch, the_phase_is_the_state_of_a_service_that_beats) {
  Watched watched;
  watched.beat("server", kSecond);
  EXPECT_EQ(watched.in(ServicePhase::kBorn).state, ProcessState::kStarting);
  EXPECT_EQ(watched.in(ServicePhase::kStarting).state, ProcessState::kStarting);
  EXPECT_EQ(watched.in(ServicePhase::kRunning).state, ProcessState::kRunning);
  EXPECT_EQ(watched.in(ServicePhase::kDraining).state, ProcessState::kDraining);
  EXPECT_EQ(watched.in(ServicePhase::kExiting).state, ProcessState::kDraining);
  EXPECT_EQ(watched.in(static_cast<ServicePhase>(12345)).state, ProcessState::kDraining)
      << "a scribbled phase";
}

TEST(Watch, one_silent_source_is_enough) {
  Watched watched;
  watched.beat("server", kSecond).beat("main loop", 5 * kSecond).beat("pool", 0);
  const Verdict verdict = watched.in(ServicePhase::kRunning);
  EXPECT_EQ(verdict.state, ProcessState::kUnresponsive);
  EXPECT_EQ(verdict.beat_age_ms, 5000);
  EXPECT_EQ(verdict.beat_name, "main loop");
}

TEST(Watch, within_four_seconds_nobody_complains) {
  EXPECT_EQ(Watched().beat("a", 4 * kSecond).in(ServicePhase::kRunning).state,
            ProcessState::kRunning);
  EXPECT_EQ(Watched().beat("a", 4 * kSecond + 1).in(ServicePhase::kRunning).state,
            ProcessState::kUnresponsive);
}

TEST(Watch, without_beats_only_the_process_is_known) {
  const Verdict verdict = Watched().in(ServicePhase::kRunning);
  EXPECT_EQ(verdict.state, ProcessState::kRunning);
  EXPECT_FALSE(verdict.beat_age_ms);
  EXPECT_EQ(Watched().in(ServicePhase::kRunning, {.stopped_since_ns = kNow - 5 * kSecond}).state,
            ProcessState::kUnresponsive);
  EXPECT_EQ(Watched().in(ServicePhase::kRunning, {.stopped_since_ns = kNow - kSecond}).state,
            ProcessState::kRunning);
}

TEST(Watch, silence_while_the_keeper_itself_was_stopped_is_forgiven) {
  Watched watched;
  watched.beat("server", 60 * kSecond);
  EXPECT_EQ(watched.in(ServicePhase::kRunning, {.forgiven_ns = kNow - kSecond}).state,
            ProcessState::kRunning);
  EXPECT_EQ(watched.in(ServicePhase::kRunning, {.forgiven_ns = kNow - 5 * kSecond}).state,
            ProcessState::kUnresponsive);
}

TEST(Watch, a_debugger_excuses) {
  EXPECT_EQ(Watched().beat("a", 60 * kSecond).in(ServicePhase::kRunning, {.traced = true}).state,
            ProcessState::kDebugged);
}

TEST(Watch, a_service_that_is_about_to_exit_has_no_pools_left) {
  EXPECT_EQ(Watched().beat("a", 60 * kSecond).in(ServicePhase::kExiting).state,
            ProcessState::kDraining);
  EXPECT_EQ(Watched().beat("a", 60 * kSecond).in(ServicePhase::kDraining).state,
            ProcessState::kUnresponsive);
}

TEST(Watch, a_drain_that_was_asked_for_is_one_before_the_service_comes_to_it) {
  EXPECT_EQ(Watched().in(ServicePhase::kRunning, {.draining = true}).state,
            ProcessState::kDraining);
  EXPECT_EQ(Watched().beat("a", 60 * kSecond).in(ServicePhase::kRunning, {.draining = true}).state,
            ProcessState::kUnresponsive);
}

TEST(Watch, the_end_is_the_end) {
  const Verdict verdict =
      Watched().beat("a", 60 * kSecond).in(ServicePhase::kRunning, {.traced = true, .ended = true});
  EXPECT_EQ(verdict.state, ProcessState::kExited);
  EXPECT_FALSE(verdict.beat_age_ms);
}

TEST(Watch, beats_from_the_future_are_as_good_as_now) {
  const Verdict verdict = Watched().beat("a", -60 * kSecond).in(ServicePhase::kRunning);
  EXPECT_EQ(verdict.state, ProcessState::kRunning);
  EXPECT_EQ(verdict.beat_age_ms, 0);
}

TEST(Watch, names_are_made_harmless) {
  EXPECT_EQ(Watched().beat("\x1b[31m\xff", 0).in(ServicePhase::kRunning).beat_name,
            "\\x1b[31m\xef\xbf\xbd");
}

TEST(Watch, ends_in_words) {
  EXPECT_EQ(describe_end(CLD_EXITED, 3), "exit code 3");
  EXPECT_EQ(describe_end(CLD_KILLED, 9), "killed by signal 9 (SIGKILL)");
  EXPECT_EQ(describe_end(CLD_DUMPED, 11), "killed by signal 11 (SIGSEGV), core dumped");
  EXPECT_EQ(describe_end(CLD_KILLED, 999), "killed by signal 999");
}

TEST(ProcessStatus, a_stopped_process_shows_as_such) {
  const pid_t child = fork();
  if (child == 0) {
    for (;;) pause();
  }
  EXPECT_FALSE(read_process_status(child).stopped);
  EXPECT_EQ(read_process_status(child).parent, getpid());
  kill(child, SIGSTOP);
  EXPECT_TRUE(eventually([&] { return read_process_status(child).stopped; }));
  EXPECT_FALSE(read_process_status(child).traced);
  EXPECT_TRUE(read_process_status(child).lives);
  kill(child, SIGKILL);
  EXPECT_FALSE(read_process_status(child).lives) << "on its way out, or not yet waited for";
  waitpid(child, nullptr, 0);
  EXPECT_FALSE(read_process_status(child).lives) << "gone";
  EXPECT_FALSE(read_process_status(child).stopped) << "gone";
}

}  // namespace
}  // namespace outrigger::keeper
