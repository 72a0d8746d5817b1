#include "outrigger/metrics.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "metrics/table.h"
#include "segment/mapping.h"
#include "segment/metric_reader.h"

namespace outrigger::metrics {
namespace {

class MetricsTest : public testing::Test {
 protected:
  void SetUp() override {
    char why[200];
    fd_ = segment::create(why, sizeof why);
    ASSERT_GE(fd_, 0) << why;
    view_ = segment::View(segment::map(fd_));
    ASSERT_TRUE(view_);
    attach(view_);
    reader_.emplace(view_, fd_);
  }
  // The mapping stays: handles may outlive the test, as they may outlive main().
  void TearDown() override {
    attach(segment::View());
    close(fd_);
  }

  const segment::MetricSeries& only_series() {
    EXPECT_EQ(reader_->series().size(), 1u);
    return reader_->series().at(0);
  }
  segment::MetricValues read() {
    segment::MetricValues values;
    reader_->read(values);
    return values;
  }
  static uint64_t count_of(const segment::MetricValues& values, uint32_t series) {
    uint64_t count = values.cells[series];
    for (const auto& octave : values.octaves)
      if (octave.series == series)
        for (const uint64_t n : octave.counts) count += n;
    return count;
  }
  size_t pages() const {
    struct stat status {};
    fstat(fd_, &status);
    return static_cast<size_t>(status.st_blocks) * 512 / 4096;
  }

  int fd_ = -1;
  segment::View view_;
  std::optional<segment::MetricReader> reader_;
};

TEST(MetricsWithoutSegment, count_in_memory_of_their_own) {
  const Counter counter = metrics::counter("Alone");
  counter.add();
  counter.add(41);
  EXPECT_EQ(counter.value(), 42u);
  EXPECT_EQ(metrics::counter("Alone").value(), 42u) << "one name, one counter";
  const Gauge gauge = metrics::gauge("Level");
  EXPECT_TRUE(std::isnan(gauge.value())) << "never set";
  gauge.add(2);
  gauge.set(5);
  gauge.add(-1.5);
  EXPECT_EQ(gauge.value(), 3.5);
  const Histogram histogram = metrics::histogram("Sizes");
  for (const double value : {0.0, 1.0, 1e9}) histogram.observe(value);
  counters("Alone", {"Of"}).of("x").add(8);
  EXPECT_EQ(own_values().at("Alone"), 50u);
  EXPECT_EQ(own_values().at("Sizes"), 3u);
  EXPECT_EQ(own_gauges().at("Level"), 3.5);
}

TEST_F(MetricsTest, a_counter_has_a_described_place_in_the_segment) {
  const Counter counter = metrics::counter(
      "Greetings", {.help = "People greeted", .dimensions = {{"Language", "fr"}, {"Kind", "x"}}});
  counter.add(3);
  const segment::MetricSeries& series = only_series();
  EXPECT_EQ(series.name, "Greetings");
  EXPECT_EQ(series.help, "People greeted");
  EXPECT_EQ(series.kind, segment::MetricKind::kCounter);
  EXPECT_EQ(series.unit, static_cast<uint8_t>(Unit::kCount));
  EXPECT_EQ(series.period_s, 60);
  EXPECT_EQ(series.dimensions,
            (std::vector<std::pair<std::string, std::string>>{{"Language", "fr"}, {"Kind", "x"}}));
  EXPECT_EQ(read().cells[series.index], 3u);
}

TEST_F(MetricsTest, the_same_name_is_the_same_metric) {
  metrics::counter("Twice").add(1);
  metrics::counter("Twice").add(1);
  EXPECT_EQ(read().cells[only_series().index], 2u);
}

TEST_F(MetricsTest, a_name_of_another_kind_is_refused) {
  metrics::counter("Name").add(1);
  const Gauge gauge = metrics::gauge("Name", {.stop_if_bad = false});
  gauge.set(5);
  EXPECT_EQ(read().cells[only_series().index], 1u);
  EXPECT_EQ(reader_->refused_series(), 1u);
  EXPECT_EQ(read().refused, 1u);
}

TEST_F(MetricsTest, a_bad_name_may_be_used_and_is_counted_as_refused) {
  uint64_t refused = 0;
  for (const std::string& name :
       {std::string(), std::string(256, 'x'), std::string(":colon"), std::string("a\nb"),
        std::string("\xc3\xa9t\xc3\xa9"), std::string("  ")}) {
    const Counter counter = metrics::counter(name, {.stop_if_bad = false});
    counter.add();
    metrics::histogram(name, {.stop_if_bad = false}).observe(1);
    EXPECT_EQ(counter.value(), 0u) << name;
    refused += 1;
  }
  EXPECT_TRUE(reader_->series().empty());
  EXPECT_GE(read().refused, refused);
  EXPECT_EQ(metrics::counter(std::string(255, 'x')).value(), 0u);
  EXPECT_EQ(reader_->series().size(), 1u);
}

TEST_F(MetricsTest, a_bad_name_ends_a_program_built_without_ndebug) {
  EXPECT_DEATH((void)metrics::counter(":colon", {.stop_if_bad = true}), "");
}

TEST_F(MetricsTest, beyond_the_budget_updates_are_counted_as_refused) {
  const size_t series = segment::metric_layout().series;
  for (size_t i = 0; i < series; ++i) metrics::counter("C" + std::to_string(i)).add();
  const Counter late = metrics::counter("OneTooMany");
  late.add(7);
  EXPECT_EQ(late.value(), 0u);
  EXPECT_EQ(reader_->series().size(), series);
  EXPECT_EQ(reader_->series().back().name, "C8191");
  EXPECT_EQ(read().refused, 7u);
  EXPECT_EQ(reader_->refused_series(), 1u);
}

TEST_F(MetricsTest, threads_lose_nothing_whether_they_have_a_shard_or_not) {
  const Counter counter = metrics::counter("Parallel");
  const Histogram histogram = metrics::histogram("Sizes");
  const size_t count = segment::metric_layout().shards + 10;
  std::atomic<size_t> at_work{0};
  std::vector<std::thread> threads;
  for (size_t i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      counter.add();
      // All there at once, so that some find no shard.
      at_work.fetch_add(1);
      while (at_work.load() < count) std::this_thread::yield();
      for (int n = 1; n < 2000; ++n) {
        counter.add();
        histogram.observe(static_cast<double>(n * (i + 1)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counter.value(), count * 2000);
  const auto values = read();
  EXPECT_EQ(values.cells[0], count * 2000);
  EXPECT_EQ(count_of(values, 1), count * 1999);
  double sum = 0;
  for (size_t i = 0; i < count; ++i) sum += 1999.0 * 1000.0 * static_cast<double>(i + 1);
  EXPECT_EQ(values.sums[1], sum);
}

TEST_F(MetricsTest, an_ended_thread_leaves_its_shard_to_the_next_one) {
  const Counter counter = metrics::counter("Passing");
  for (int i = 0; i < 300; ++i) std::thread([&] { counter.add(); }).join();
  EXPECT_EQ(counter.value(), 300u);
  EXPECT_LE(segment::metrics(view_).head().shards.load(), 3u);
}

TEST_F(MetricsTest, a_gauge_is_not_a_number_until_it_is_set) {
  const Gauge gauge = metrics::gauge("Depth", {.unit = Unit::kBytes});
  const uint32_t index = only_series().index;
  EXPECT_TRUE(std::isnan(std::bit_cast<double>(read().cells[index])));
  gauge.set(-12.5);
  EXPECT_EQ(std::bit_cast<double>(read().cells[index]), -12.5);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) gauge.add(1);
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(gauge.value(), 3987.5);
}

// The property that the header promises: whatever the value, its bucket's middle is within 0.8 %.
TEST_F(MetricsTest, a_bucket_is_within_a_hundredth_of_its_values) {
  const Histogram histogram = metrics::histogram("Any");
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> exponent(-32, 64);
  double worst = 0;
  segment::MetricValues before = read();
  for (int i = 0; i < 3000; ++i) {
    const double value = std::exp2(exponent(random));
    histogram.observe(value);
    const segment::MetricValues after = read();
    int found = 0;
    for (size_t o = 0; o < after.octaves.size(); ++o) {
      for (size_t b = 0; b < segment::kBlockBuckets; ++b) {
        const uint64_t old = o < before.octaves.size() ? before.octaves[o].counts[b] : 0;
        if (after.octaves[o].counts[b] == old) continue;
        ++found;
        const double low = std::ldexp(1.0 + static_cast<double>(b) / 64,
                                      internal::kLowestExponent + int(after.octaves[o].octave));
        const double middle = low * (1 + 1.0 / 128 / (1.0 + static_cast<double>(b) / 64));
        worst = std::max(worst, std::abs(middle - value) / value);
      }
    }
    ASSERT_EQ(found, 1) << value;
    before = after;
  }
  EXPECT_LE(worst, 1.0 / 128);
  EXPECT_GT(worst, 1.0 / 200) << "the test looks at nothing";
}

TEST_F(MetricsTest, zeros_and_tiny_values_are_kept_others_refused) {
  const Histogram histogram = metrics::histogram("Edges");
  for (const double value : {0.0, 1e-300, 0x1p-33, 0x1p-32, 0x1.fffffffffffffp63})
    histogram.observe(value);
  for (const double value : {-1.0, -1e-300, 0x1p64, double{NAN}, double{INFINITY}})
    histogram.observe(value);
  const auto values = read();
  EXPECT_EQ(values.cells[0], 3u);
  EXPECT_EQ(count_of(values, 0), 5u);
  EXPECT_EQ(reader_->refused_values(), 5u);
}

TEST_F(MetricsTest, a_timer_observes_in_its_unit) {
  const Timer seconds = metrics::timer("Took");
  const Timer millis = metrics::timer("TookMs", {.unit = Unit::kMilliseconds});
  seconds.observe(std::chrono::milliseconds(1500));
  millis.observe(std::chrono::milliseconds(1500));
  { const auto timing = seconds.start(); }
  const auto values = read();
  EXPECT_EQ(count_of(values, 0), 2u);
  EXPECT_NEAR(values.sums[0], 1.5, 0.1);
  EXPECT_EQ(values.sums[2], 1500);
  EXPECT_EQ(reader_->series()[0].unit, static_cast<uint8_t>(Unit::kSeconds));
  EXPECT_EQ(reader_->series()[1].unit, static_cast<uint8_t>(Unit::kMilliseconds));
}

TEST_F(MetricsTest, dimensions_given_at_the_call) {
  const auto answers = counters("Answers", {"Route", "Status"}, {.help = "h"});
  answers.of("/greet", "200").add();
  answers.of(std::string("/greet"), std::string_view("200")).add();
  answers.of("/greet", "500").add();
  answers.of("", "\xff\n").add();
  ASSERT_EQ(reader_->series().size(), 3u);
  const auto values = read();
  EXPECT_EQ(values.cells[0], 2u);
  EXPECT_EQ(values.cells[1], 1u);
  EXPECT_EQ(reader_->series()[0].dimensions[1].second, "200");
  EXPECT_EQ(reader_->series()[2].dimensions[0].second, "-");
  EXPECT_EQ(reader_->series()[2].dimensions[1].second, "??");
  EXPECT_TRUE(reader_->series()[0].from_call);
}

TEST_F(MetricsTest, a_cardinality_attack_is_bounded_and_counted) {
  const auto seen = counters("Seen", {"User"});
  const auto sizes = histograms("Sizes", {"User"});
  size_t pages_after_a_thousand = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    seen.of("user-" + std::to_string(i)).add();
    if (i == 1000) pages_after_a_thousand = pages();
  }
  sizes.of("late").observe(1);
  EXPECT_EQ(pages(), pages_after_a_thousand + 2) << "the late histogram's: slot and block";
  const auto& series = reader_->series();
  ASSERT_EQ(series.size(), 202u) << "200 sets, and one other of each family";
  EXPECT_EQ(series[200].dimensions[0].second, "other");
  EXPECT_EQ(series[201].dimensions[0].second, "other");
  EXPECT_EQ(read().cells[series[200].index], 1'000'000u - 200);
  EXPECT_EQ(reader_->others(), 1'000'000u - 200 + 1);
  seen.of("user-7").add();
  EXPECT_EQ(read().cells[series[7].index], 2u) << "who was there first stays";
}

TEST_F(MetricsTest, threads_make_one_set_between_them) {
  const auto seen = counters("Seen", {"Key"});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 10'000; ++n) seen.of(std::to_string(n % 100)).add();
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(reader_->series().size(), 100u);
  for (const uint64_t value : read().cells) EXPECT_EQ(value, 400u);
}

TEST_F(MetricsTest, reading_fills_no_hole) {
  metrics::counter("A").add();
  for (int i = 0; i < 1000; ++i) metrics::counter("B" + std::to_string(i));
  (void)read();
  const size_t before = pages();
  (void)read();
  EXPECT_EQ(pages(), before);
}

TEST_F(MetricsTest, a_forked_child_changes_nothing_and_lives) {
  const Counter counter = metrics::counter("Forked");
  const Gauge gauge = metrics::gauge("Level");
  const Histogram histogram = metrics::histogram("Sizes");
  const auto family = counters("Family", {"Key"});
  counter.add();
  gauge.set(1);
  histogram.observe(1);
  family.of("a").add();
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    counter.add(100);
    gauge.set(2);
    gauge.add(2);
    histogram.observe(1);
    histogram.observe(1e6);
    family.of("a").add();
    family.of("b").add();
    metrics::counter("MadeInChild").add();
    std::thread([&] { counter.add(); }).join();
    _exit(counter.value() == 0 && std::isnan(gauge.value()) ? 7 : 8);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << status;
  EXPECT_EQ(WEXITSTATUS(status), 7);
  EXPECT_EQ(counter.value(), 1u);
  EXPECT_EQ(gauge.value(), 1);
  EXPECT_EQ(reader_->series().size(), 4u);
  EXPECT_EQ(count_of(read(), 2), 1u);
}

// A service that went mad: whatever its bytes are, reading ends and stays within the share.
TEST_F(MetricsTest, any_bytes_can_be_read) {
  std::mt19937_64 random(7);
  char* const share = view_.base() + segment::kMetricsAt;
  const size_t interesting = segment::metric_layout().text_at();
  for (int round = 0; round < 20; ++round) {
    segment::MetricReader reader(view_, fd_);
    for (size_t at = 0; at < interesting; at += 8) {
      const uint64_t word = round % 2 == 0 ? random() : random() & 0x0000'0003'0000'00ffULL;
      *reinterpret_cast<uint64_t*>(share + at) = word;
    }
    segment::MetricValues values;
    reader.read(values);
    for (const auto& series : reader.series()) {
      EXPECT_LE(series.name.size(), 255u);
      EXPECT_LT(series.unit, segment::kUnits);
    }
    EXPECT_LE(values.octaves.size(), segment::metric_layout().blocks);
  }
}

TEST(MetricsBudget, the_size_is_as_computed_beforehand) {
  const segment::MetricLayout usual = segment::MetricLayout::of({});
  EXPECT_LE(segment::kMetricsAt + usual.bytes(), segment::kBudgetBytes);
  const auto large = segment::MetricLayout::of({.series = 100'000, .threads = 8});
  // 32 + 96 + 256 + 4 bytes a series, 8 for each of 8 threads and the shared shard.
  const size_t computed = 100'000ul * (32 + 96 + 256 + 4 + 9 * 8);
  EXPECT_GE(large.bytes(), computed);
  EXPECT_LE(large.bytes(), computed + 16 * 4096);
}

}  // namespace
}  // namespace outrigger::metrics
