#include "keeper/kept_profiles.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "eventually.h"
#include "segment/metrics.h"

namespace outrigger::keeper {
namespace {

constexpr int64_t kSecond = base::kNsPerSecond;
constexpr int64_t kEverySeconds = 5;

// The profiler of this process, which has run() neither samples nor threads that take them.
class KeptProfilesTest : public testing::Test {
 protected:
  KeptProfilesTest()
      : memory_(mmap(nullptr, segment::segment_bytes(), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)),
        profiler_({segment::View(memory_), getpid(), -1, true}),
        kept_(profiler_) {
    segment::View(memory_).service().heap_hooked = 1;
    kept_.set_lines({{"HighMemory", "MemoryUsed", 85},
                     {"HighCpu", "CpuUsed", 90},
                     {"Large", "ServiceMemory", 512 << 20},
                     {"DiskFull", "DiskUsed", 1}});
  }
  // So much is in use from now on, of 100 bytes and of two processors.
  void use(double memory, double processors) {
    look_.memory.used_bytes = memory;
    look_.memory.limit_bytes = 100;
    processors_ = processors;
  }
  void look() {
    look_.at_ns = now_ns_;
    look_.cpu.host_all_s = 2.0 * static_cast<double>(now_ns_) / kSecond;
    look_.cpu.host_busy_s = busy_s_;
    kept_.look(look_);
  }
  void pass(int64_t seconds) {
    for (int64_t i = 0; i < seconds; i += kEverySeconds) {
      now_ns_ += kEverySeconds * kSecond;
      busy_s_ += processors_ * kEverySeconds;
      look();
    }
  }
  // Profiles under way come to their end, without time passing.
  bool comes_to(size_t count) {
    return eventually([&] {
      look();
      return kept_.list().size() >= count;
    });
  }

  void* const memory_;
  pprof::Profiler profiler_;
  KeptProfiles kept_;
  system::Look look_;
  double processors_ = 0;
  double busy_s_ = 0;
  int64_t now_ns_ = 1000 * kSecond;
};

TEST_F(KeptProfilesTest, are_taken_beyond_an_alarms_line_and_again_after_it_fell) {
  // Nothing is sampled here: the first sample opens the process's files.
  use(85, 0);
  pass(100);
  EXPECT_TRUE(kept_.list().empty());
  use(91, 0);
  pass(5);
  ASSERT_TRUE(comes_to(1));
  EXPECT_EQ(kept_.list()[0].kind, "heap");
  EXPECT_EQ(kept_.list()[0].reason, "HighMemory: MemoryUsed at 91 %, its line is 85 %");
  EXPECT_EQ(kept_.get(1).value_or("").substr(0, 2), "\x1f\x8b");
  EXPECT_FALSE(kept_.get(2).has_value());
  pass(2000);  // it stays there
  EXPECT_EQ(kept_.list().size(), 1u);
  use(77, 0);
  pass(5);
  use(99, 0);
  pass(5);
  EXPECT_EQ(kept_.list().size(), 1u);
  use(76, 0);
  pass(5);
  use(99, 0);
  pass(5);
  ASSERT_TRUE(comes_to(2));
  EXPECT_EQ(kept_.list()[0].number, 2u);
}

TEST_F(KeptProfilesTest, do_not_wait_for_a_client_who_takes_one_of_five_minutes) {
  pprof::Ask ask;
  ask.kind = pprof::Kind::kHeap;
  ask.seconds = 300;
  const auto asked = profiler_.begin(ask);
  ASSERT_NE(asked.job, nullptr);
  EXPECT_EQ(profiler_.begin(ask).job, nullptr);  // another client would have to
  use(91, 0);
  pass(5);
  EXPECT_TRUE(comes_to(1));
  asked.job->cancel();
}

TEST_F(KeptProfilesTest, are_taken_of_the_services_own_memory) {
  use(10, 0);
  look_.service.emplace();
  look_.service->resident_bytes = 500 << 20;
  pass(100);
  EXPECT_TRUE(kept_.list().empty());
  look_.service->resident_bytes = 600 << 20;
  pass(5);
  ASSERT_TRUE(comes_to(1));
  EXPECT_EQ(kept_.list()[0].reason, "Large: ServiceMemory at 600 MB, its line is 512 MB");
}

TEST_F(KeptProfilesTest, are_taken_when_the_processors_were_busy_for_a_minute) {
  use(10, 1.7);
  pass(200);
  EXPECT_TRUE(kept_.list().empty());
  use(10, 1.9);
  pass(40);
  EXPECT_TRUE(kept_.list().empty());
  pass(60);
  ASSERT_TRUE(comes_to(1));
  EXPECT_EQ(kept_.list()[0].kind, "cpu");
  EXPECT_NE(kept_.list()[0].reason.find("HighCpu: CpuUsed at 9"), std::string::npos)
      << kept_.list()[0].reason;
}

TEST_F(KeptProfilesTest, without_an_alarm_are_not_taken) {
  KeptProfiles other(profiler_);
  other.set_lines({{"DiskFull", "DiskUsed", 1}});
  EXPECT_FALSE(other.has_lines());
}

TEST(Load, is_this_process_and_this_machine) {
  const system::Look now = load_of(getpid(), 7);
  EXPECT_EQ(now.at_ns, 7);
  ASSERT_TRUE(now.service.has_value());
  EXPECT_GT(now.service->resident_bytes, 1 << 20);
  EXPECT_GT(now.service->cpu_seconds, 0);
  EXPECT_GT(now.memory.used_bytes.value_or(0), now.service->resident_bytes / 2);
  EXPECT_GT(now.cpu.host_all_s.value_or(0), 0);
  EXPECT_FALSE(load_of(0x3fffffff, 7).service.has_value());
}

TEST_F(KeptProfilesTest, are_the_last_six) {
  for (int i = 0; i < 8; ++i) {
    use(95, 0);
    pass(5);
    ASSERT_TRUE(eventually([&] {
      look();
      return kept_.get(static_cast<uint64_t>(i) + 1).has_value();
    }));
    use(10, 0);
    pass(601);
  }
  EXPECT_EQ(kept_.list().size(), KeptProfiles::kMax);
  EXPECT_EQ(kept_.list().front().number, 8u);
  EXPECT_FALSE(kept_.get(2).has_value());
}

}  // namespace
}  // namespace outrigger::keeper
