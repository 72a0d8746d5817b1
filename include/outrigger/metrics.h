// Metrics: counters, gauges, histograms, timers. Their cells lie in memory shared with the keeper,
// which sends them to CloudWatch each minute: what was added is there even after kill -9.
//
//     auto greeted = metrics::counter("Greetings", {.help = "People greeted"});
//     auto waiting = metrics::gauge("QueueDepth");
//     auto took = metrics::timer("GreetingTime");
//     auto answers = metrics::counters("Answers", {"Route", "Status"});
//
//     greeted.add();
//     waiting.set(17);
//     const auto timing = took.start();      // observed when it goes out of scope
//     answers.of("/greet", "200").add();     // dimensions given at the call
//
// Make a handle once and keep it: a member, a global, a static local. An update takes no lock, makes
// no system call and allocates nothing: counters, gauges and histograms are a few plain
// instructions on memory of the calling thread's own. of() looks a set up without a lock; the first
// call with a new set makes it, under one.
//
// Everything here may be called from any thread, with or without run(). Updates of counters may also
// be made in signal handlers. In a child of fork() nothing is counted.
//
// Names are CloudWatch's: 1 to 255 printable ASCII characters, no colon in front; a dimension's name
// as well, its value has 1 to 255. A name that will not do, one that is taken by a metric of another
// kind, and what is beyond the budget, still give a handle that may be used: its updates are counted
// as refused, which the log and the page tell. Where NDEBUG is not defined a bad name ends the
// program instead.
//
// Each set of name and dimensions is one metric of CloudWatch's bill ($0.30 a month and less with
// many: aws.amazon.com/cloudwatch/pricing).
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <type_traits>

#include "outrigger/internal/metric_cells.h"
#include "outrigger/metric_unit.h"

// At namespace scope in one of the program's files: how much memory its metrics may take.
//
//     OUTRIGGER_METRICS_BUDGET(.series = 100'000, .dimension_sets = 50'000);
//
// Shared memory, of which only what is touched is ever there: 32 + 96 + 256 bytes a series, and 8 a
// series and thread. The defaults are 8,192 series, 31 threads, 200 sets, 1,000 values a key: 5 MB.
#define OUTRIGGER_METRICS_BUDGET(...)                                                       \
  extern "C" constinit const ::outrigger::internal::MetricBudget outrigger_metrics_budget { \
    __VA_ARGS__                                                                             \
  }
extern "C" [[gnu::weak]] const outrigger::internal::MetricBudget outrigger_metrics_budget;

namespace outrigger::metrics {

// A fixed dimension: {"Queue", "orders"}.
struct Dimension {
  std::string_view name;
  std::string_view value;
};

struct Options {
  std::string_view help{};  // one sentence; the first 255 bytes are kept
  // The default: kCount of a counter, kSeconds of a timer, else kNone.
  Unit unit = Unit::kNone;
  std::initializer_list<Dimension> dimensions{};  // up to 29: with Environment CloudWatch's 30
  // Upper bounds of a histogram's buckets on /metrics, in its unit; up to 64. The default is made
  // for the unit. CloudWatch gets the whole distribution, whatever stands here.
  std::initializer_list<double> buckets{};
  // How often it is sent. 1 to 59 s is CloudWatch's high resolution, whose alarms cost more.
  std::chrono::seconds every{60};
#ifdef NDEBUG
  bool stop_if_bad = false;
#else
  bool stop_if_bad = true;
#endif
};

// What happened, how often or how much. It never goes back.
class Counter {
 public:
  Counter() = default;  // refuses all updates
  void add(uint64_t n = 1) const noexcept {
    char* const cells = internal::t_metrics->cells;
    if (cells != nullptr) [[likely]]
      internal::add_own(cells + at_, n);
    else internal::add_slow(at_, n);
  }
  uint64_t value() const noexcept { return internal::cell_sum(at_); }

 private:
  friend struct Maker;
  uint32_t at_ = 0;
};

// How much there is now. What is sent is its value at the end of each interval.
class Gauge {
 public:
  Gauge() = default;
  void set(double value) const noexcept {
    char* const shared = internal::t_metrics->shared;
    if (shared != nullptr && at_ != 0) [[likely]]
      reinterpret_cast<std::atomic<uint64_t>*>(shared + at_)
          ->store(std::bit_cast<uint64_t>(value), std::memory_order_relaxed);
    else internal::set_slow(at_, value);
  }
  // Lock-free, but a gauge's cell is one for all threads.
  void add(double by) const noexcept { internal::change_gauge(at_, by); }
  // Not a number while it was never set.
  double value() const noexcept { return internal::gauge_value(at_); }

 private:
  friend struct Maker;
  uint32_t at_ = 0;
};

// How values are distributed. In the segment a value is kept to within 0.8 %, what is sent to
// CloudWatch (at most 150 values with their counts) and so its percentiles to within 2.5 %. Values
// are 0 or more and below 2^64; others are refused.
class Histogram {
 public:
  Histogram() = default;
  void observe(double value) const noexcept {
    const internal::MetricWriter* const w = internal::t_metrics;
    const uint64_t bucket =
        (std::bit_cast<uint64_t>(value) >> internal::kBucketShift) - internal::kFirstBucket;
    if (bucket < internal::kBuckets && w->directory != nullptr) [[likely]] {
      // Relaxed: only this thread writes its part of the directory, or the block was zero before.
      const uint32_t block =
          w->directory[row_ + bucket / internal::kOctaveBuckets].load(std::memory_order_relaxed);
      if (block != 0) [[likely]] {
        internal::add_own(w->blocks + block + bucket % internal::kOctaveBuckets * 8, uint64_t{1});
        internal::add_own(w->cells + at_ + 8, value);
        return;
      }
    }
    internal::observe_slow(at_, row_, value);
  }

 private:
  friend struct Maker;
  uint32_t at_ = 0;
  uint32_t row_ = 0;
};

// A histogram of durations.
class Timer {
 public:
  Timer() = default;

  class [[nodiscard]] Timing {
   public:
    ~Timing() { timer_->observe(std::chrono::steady_clock::now() - began_); }
    Timing(const Timing&) = delete;
    Timing& operator=(const Timing&) = delete;

   private:
    friend class Timer;
    explicit Timing(const Timer& timer) : timer_(&timer) {}
    const Timer* timer_;
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  };
  // Must not outlive the timer.
  Timing start() const { return Timing(*this); }

  void observe(std::chrono::nanoseconds duration) const noexcept {
    histogram_.observe(static_cast<double>(duration.count()) * a_nanosecond_);
  }

 private:
  friend struct Maker;
  Histogram histogram_;
  double a_nanosecond_ = 1e-9;  // in the timer's unit
};

// Two calls with one name and one set of dimensions give the same metric.
Counter counter(std::string_view name, Options options = {});
Gauge gauge(std::string_view name, Options options = {});
Histogram histogram(std::string_view name, Options options = {});
// Unit: seconds, milliseconds or microseconds.
Timer timer(std::string_view name, Options options = {});

// What is known of a metric only at run time: for bridges from other libraries.
struct Description {
  std::string_view help{};
  Unit unit = Unit::kNone;
  std::span<const Dimension> dimensions{};
  std::span<const double> buckets{};
};

struct FamilyState;

// Metrics of one name whose dimensions are given at the call. Bounded: the service may make 200
// sets that way, and 1,000 values of one dimension; beyond, the set whose values are all "other"
// takes the update, and it is counted (OUTRIGGER_METRICS_BUDGET raises both). A value that
// CloudWatch would not take is mended: '?' for what is not printable ASCII, cut at 255, "-" if
// empty. Not for signal handlers.
template <typename Metric, std::size_t kKeys>
class Family {
 public:
  template <typename... Values>
    requires(sizeof...(Values) == kKeys &&
             (std::is_convertible_v<const Values&, std::string_view> && ...))
  Metric of(const Values&... values) const noexcept {
    const std::array<std::string_view, kKeys> texts{std::string_view(values)...};
    return find(*state_, texts.data());
  }

 private:
  friend struct Maker;
  explicit Family(FamilyState* state) : state_(state) {}
  static Metric find(FamilyState& state, const std::string_view* values) noexcept;
  FamilyState* state_;
};

struct Maker {
  static FamilyState* family(int kind, std::string_view name, const char* const* keys,
                             std::size_t count, const Options& options);
  static Counter find(FamilyState& state, const std::string_view* values, Counter*) noexcept;
  static Gauge find(FamilyState& state, const std::string_view* values, Gauge*) noexcept;
  static Histogram find(FamilyState& state, const std::string_view* values, Histogram*) noexcept;
  static Timer find(FamilyState& state, const std::string_view* values, Timer*) noexcept;
  template <typename Metric, std::size_t kKeys>
  static Family<Metric, kKeys> made(FamilyState* state) {
    return Family<Metric, kKeys>(state);
  }
  // As counter(), gauge() and histogram(); a bad name is counted and does not stop the program.
  static Counter counter(std::string_view name, const Description& what);
  static Gauge gauge(std::string_view name, const Description& what);
  static Histogram histogram(std::string_view name, const Description& what);
  // Values that were counted elsewhere: `counts[i]` of about `values[i]`, which add up to `sum`.
  static void merge(const Histogram& histogram, const double* values, const uint64_t* counts,
                    std::size_t size, double sum) noexcept;
  // Of a handle as it lies in the segment.
  template <typename Metric>
  static Metric handle(uint32_t at, uint32_t row, Unit unit) noexcept;
};

template <typename Metric, std::size_t kKeys>
Metric Family<Metric, kKeys>::find(FamilyState& state, const std::string_view* values) noexcept {
  return Maker::find(state, values, static_cast<Metric*>(nullptr));
}

// counters("Answers", {"Route", "Status"}, {.help = "..."}).
template <std::size_t kKeys>
Family<Counter, kKeys> counters(std::string_view name, const char* const (&keys)[kKeys],
                                Options options = {}) {
  return Maker::made<Counter, kKeys>(Maker::family(1, name, keys, kKeys, options));
}
template <std::size_t kKeys>
Family<Gauge, kKeys> gauges(std::string_view name, const char* const (&keys)[kKeys],
                            Options options = {}) {
  return Maker::made<Gauge, kKeys>(Maker::family(2, name, keys, kKeys, options));
}
template <std::size_t kKeys>
Family<Histogram, kKeys> histograms(std::string_view name, const char* const (&keys)[kKeys],
                                    Options options = {}) {
  return Maker::made<Histogram, kKeys>(Maker::family(3, name, keys, kKeys, options));
}
template <std::size_t kKeys>
Family<Timer, kKeys> timers(std::string_view name, const char* const (&keys)[kKeys],
                            Options options = {}) {
  if (options.unit == Unit::kNone) options.unit = Unit::kSeconds;
  return Maker::made<Timer, kKeys>(Maker::family(3, name, keys, kKeys, options));
}

}  // namespace outrigger::metrics
