#include "keeper/interval.h"

#include <gtest/gtest.h>

#include <map>

namespace outrigger::keeper {
namespace {

Part counter(uint32_t series, double value, uint64_t cell) {
  Part part;
  part.series = series;
  part.value = value;
  part.cell = cell;
  return part;
}
Part gauge(uint32_t series, double value) {
  Part part;
  part.series = series;
  part.kind = Part::Kind::kGauge;
  part.value = value;
  return part;
}
Part histogram(uint32_t series, Distribution distribution, uint64_t cell) {
  Part part;
  part.series = series;
  part.kind = Part::Kind::kHistogram;
  part.cell = cell;
  part.histogram = std::make_unique<PartOfHistogram>();
  part.histogram->distribution = std::move(distribution);
  segment::MetricOctave octave{.series = series, .octave = 7};
  octave.counts[0] = cell;
  part.histogram->octaves.push_back(octave);
  return part;
}
Interval at(int64_t unix_s) {
  Interval interval;
  interval.unix_s = unix_s;
  return interval;
}

TEST(Interval, two_become_one_with_their_sums) {
  Interval first = at(60), second = at(120);
  first.parts.push_back(counter(1, 5, 5));
  first.parts.push_back(gauge(2, 10));
  first.parts.push_back(histogram(3, {{1, 2}, {4, 1}}, 3));
  second.parts.push_back(counter(1, 3, 8));
  second.parts.push_back(gauge(2, 20));
  second.parts.push_back(histogram(3, {{1, 1}, {2, 7}}, 11));
  second.parts.push_back(counter(9, 1, 1));
  merge(first, std::move(second));
  EXPECT_EQ(first.unix_s, 120);
  ASSERT_EQ(first.parts.size(), 4u);
  EXPECT_EQ(first.parts[0].value, 8);
  EXPECT_EQ(first.parts[0].cell, 8u) << "what is acknowledged is the later value";
  EXPECT_EQ(first.parts[1].value, 20);
  EXPECT_EQ(first.parts[2].histogram->distribution, (Distribution{{1, 3}, {2, 7}, {4, 1}}));
  ASSERT_EQ(first.parts[2].histogram->octaves.size(), 1u);
  EXPECT_EQ(first.parts[2].histogram->octaves[0].counts[0], 11u);
  EXPECT_EQ(first.parts[3].series, 9u);
}

// A week without an answer: no sum is lost, and the first, of which a part may be under way, stays.
TEST(IntervalQueue, is_bounded_in_number_and_loses_no_sum) {
  IntervalQueue queue;
  constexpr int kIntervals = 7 * 24 * 60;
  for (int i = 1; i <= kIntervals; ++i) {
    Interval interval = at(60 * i);
    interval.parts.push_back(counter(1, i, static_cast<uint64_t>(i)));
    interval.parts.push_back(histogram(2, {{0.5, 1}}, static_cast<uint64_t>(i)));
    queue.push(std::move(interval));
    ASSERT_LE(queue.size(), IntervalQueue::kIntervalsMax);
  }
  EXPECT_EQ(queue.size(), IntervalQueue::kIntervalsMax);
  EXPECT_EQ(queue.front().unix_s, 60);
  ASSERT_EQ(queue.front().parts.size(), 2u);
  EXPECT_EQ(queue.front().parts[0].value, 1);
  double sum = 0;
  uint64_t observed = 0;
  int64_t last_s = 0;
  for (; !queue.empty(); queue.pop()) {
    EXPECT_GT(queue.front().unix_s, last_s);
    last_s = queue.front().unix_s;
    sum += queue.front().parts[0].value;
    for (const auto& [value, count] : queue.front().parts[1].histogram->distribution)
      observed += count;
  }
  EXPECT_EQ(sum, kIntervals * (kIntervals + 1.0) / 2);
  EXPECT_EQ(observed, static_cast<uint64_t>(kIntervals));
  EXPECT_EQ(queue.bytes(), 0u);
}

TEST(IntervalQueue, is_bounded_in_bytes) {
  IntervalQueue queue;
  constexpr uint32_t kSeries = 20'000;
  size_t one = 0;
  for (int i = 1; i <= 100; ++i) {
    Interval interval = at(60 * i);
    for (uint32_t s = 0; s < kSeries; ++s) interval.parts.push_back(counter(s, 1, 1));
    queue.push(std::move(interval));
    if (i == 1) one = queue.bytes();
    // The bound, or two intervals and the new one where even those take more.
    ASSERT_LE(queue.bytes(), IntervalQueue::kBytesMax);
  }
  EXPECT_GT(queue.size(), 10u);
  EXPECT_LT(queue.size(), 100u);
  EXPECT_GE(one, kSeries * sizeof(Part));
  double sum = 0;
  for (; !queue.empty(); queue.pop())
    for (const Part& part : queue.front().parts) sum += part.value;
  EXPECT_EQ(sum, 100.0 * kSeries);
}

}  // namespace
}  // namespace outrigger::keeper
