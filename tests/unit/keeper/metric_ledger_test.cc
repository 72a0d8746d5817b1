#include "keeper/metric_ledger.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"

namespace outrigger::keeper {
namespace {

class MetricLedgerTest : public testing::Test {
 protected:
  MetricLedgerTest() : fd_(memfd_create("ledger", MFD_CLOEXEC)) {
    const size_t bytes = segment::kLedgerAt + segment::ledger_bytes(segment::metric_layout());
    EXPECT_EQ(ftruncate(fd_.get(), static_cast<off_t>(bytes)), 0);
  }
  static segment::MetricOctave octave(uint64_t count) {
    segment::MetricOctave made{.series = 4, .octave = 9};
    made.counts[7] = count;
    return made;
  }
  base::Fd fd_;
};

TEST_F(MetricLedgerTest, what_is_acknowledged_is_there_for_a_successor) {
  {
    MetricLedger ledger(fd_.get());
    ledger.begin(2);
    ledger.will_be(3, 17);
    ledger.will_be(octave(5));
    EXPECT_EQ(ledger.cell(3), 0u);
    ledger.acknowledge();
    EXPECT_EQ(ledger.cell(3), 17u);
  }
  const MetricLedger next(fd_.get());
  EXPECT_EQ(next.cell(3), 17u);
  EXPECT_EQ(next.bucket(4, 9, 7), 5u);
  EXPECT_EQ(next.bucket(4, 9, 8), 0u);
  EXPECT_EQ(next.bucket(4, 10, 7), 0u);
  EXPECT_EQ(next.head().ambiguous.load(), 0u);
}

TEST_F(MetricLedgerTest, what_was_under_way_counts_as_before_and_is_ambiguous) {
  {
    MetricLedger ledger(fd_.get());
    ledger.begin(1);
    ledger.will_be(3, 17);
    ledger.will_be(octave(5));
    ledger.acknowledge();
    ledger.begin(2);
    ledger.will_be(3, 20);
    ledger.will_be(octave(8));
  }
  MetricLedger next(fd_.get());
  EXPECT_EQ(next.cell(3), 17u);
  EXPECT_EQ(next.bucket(4, 9, 7), 5u);
  EXPECT_EQ(next.head().ambiguous.load(), 2u);
  // The next acknowledgement is not one of those.
  next.begin(1);
  next.will_be(1, 1);
  next.acknowledge();
  EXPECT_EQ(next.cell(3), 17u);
  EXPECT_EQ(next.bucket(4, 9, 7), 5u);
}

TEST(MetricLedgerAlone, works_in_memory_of_its_own) {
  MetricLedger ledger(-1);
  ledger.begin(1);
  ledger.will_be(0, 9);
  ledger.acknowledge();
  EXPECT_EQ(ledger.cell(0), 9u);
}

}  // namespace
}  // namespace outrigger::keeper
