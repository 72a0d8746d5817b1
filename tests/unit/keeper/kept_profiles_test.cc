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

// The profiler of this process, which has run() neither samples nor threads that take them.
class KeptProfilesTest : public testing::Test {
 protected:
  KeptProfilesTest()
      : memory_(mmap(nullptr, segment::segment_bytes(), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)),
        profiler_({segment::View(memory_), getpid(), -1, true}),
        kept_(profiler_) {
    segment::View(memory_).service().heap_hooked = 1;
  }
  // The service uses so much from now on.
  void use(double memory, double processors) {
    load_.memory_bytes = memory;
    load_.memory_limit_bytes = 100;
    load_.processors = 2;
    processors_ = processors;
  }
  void pass(int64_t seconds) {
    for (int64_t i = 0; i < seconds; ++i) {
      now_ns_ += kSecond;
      load_.cpu_seconds += processors_;
      kept_.look(now_ns_, load_);
    }
  }
  // Profiles under way come to their end, without time passing.
  bool comes_to(size_t count) {
    return eventually([&] {
      kept_.look(now_ns_, load_);
      return kept_.list().size() >= count;
    });
  }

  void* const memory_;
  pprof::Profiler profiler_;
  KeptProfiles kept_;
  Load load_;
  double processors_ = 0;
  int64_t now_ns_ = 1000 * kSecond;
};

TEST_F(KeptProfilesTest, are_taken_at_ninety_percent_of_memory_and_again_after_it_fell) {
  // Nothing is sampled here: the first sample opens the process's files.
  use(89, 0);
  pass(100);
  EXPECT_TRUE(kept_.list().empty());
  use(91, 0);
  pass(1);
  ASSERT_TRUE(comes_to(1));
  EXPECT_EQ(kept_.list()[0].kind, "heap");
  EXPECT_EQ(kept_.list()[0].reason, "memory at 91 % of what the service may have");
  EXPECT_EQ(kept_.get(1).value_or("").substr(0, 2), "\x1f\x8b");
  EXPECT_FALSE(kept_.get(2).has_value());
  pass(2000);  // it stays there
  EXPECT_EQ(kept_.list().size(), 1u);
  use(79, 0);
  pass(1);
  use(99, 0);
  pass(1);
  ASSERT_TRUE(comes_to(2));
  EXPECT_EQ(kept_.list()[0].number, 2u);
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
  EXPECT_NE(kept_.list()[0].reason.find("of all processors for a minute"), std::string::npos);
}

TEST_F(KeptProfilesTest, are_the_last_six) {
  for (int i = 0; i < 8; ++i) {
    use(95, 0);
    pass(1);
    ASSERT_TRUE(eventually([&] {
      kept_.look(now_ns_, load_);
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
