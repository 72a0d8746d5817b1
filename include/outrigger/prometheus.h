// For a program that has a prometheus-cpp registry already: its metrics go the way of Outrigger's, to
// CloudWatch, /metrics and the page.
//
//     auto registry = std::make_shared<prometheus::Registry>();
//     ...
//     const metrics::PrometheusBridge bridge(registry);   // as long as it lives
//
// A thread of the bridge's own collects them each ten seconds, and once more in the destructor.
// Collecting takes the registry's own locks and no other: an update is as fast as it was.
//
//   prometheus-cpp          here
//   counter                 counter; whole numbers of it, a fraction waits for the rest
//   gauge, untyped          gauge
//   histogram               histogram with the same bounds: its counts and sum are right, and what
//                           CloudWatch makes of it is as exact as the buckets are
//   summary                 a gauge for each quantile (dimension `quantile`), NAME_sum, NAME_count
//
// Names stay as they are and labels become dimensions, of which an empty one is none. Each set of
// labels is a metric of CloudWatch's bill. What the budget has no room for is counted, as always.
//
// Needs Debian's prometheus-cpp-dev, or the same from elsewhere: link its CMake target `core`, whose
// namespace is `prometheus-cpp`.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "outrigger/metrics.h"

namespace outrigger::metrics {

class PrometheusBridge {
 public:
  explicit PrometheusBridge(std::shared_ptr<prometheus::Collectable> from,
                            std::chrono::milliseconds every = std::chrono::seconds(10))
      : from_(std::move(from)), thread_([this, every] { run(every); }) {}
  ~PrometheusBridge() {
    {
      const std::lock_guard lock(mutex_);
      ends_ = true;
    }
    woken_.notify_one();
    thread_.join();
    take();
  }
  PrometheusBridge(const PrometheusBridge&) = delete;
  PrometheusBridge& operator=(const PrometheusBridge&) = delete;

  // Collects at once. Any thread.
  void take() {
    const std::lock_guard lock(taking_);
    for (const prometheus::MetricFamily& family : from_->Collect())
      for (const prometheus::ClientMetric& metric : family.metric) take(family, metric);
  }

 private:
  struct Taken {
    Counter counter{};
    Gauge gauge{};
    Histogram histogram{};
    double value = 0;  // of the counter, or the histogram's sum
    std::vector<uint64_t> counts{};
  };
  using Labels = std::vector<std::pair<std::string, std::string>>;

  void run(std::chrono::milliseconds every) {
    std::unique_lock lock(mutex_);
    while (!woken_.wait_for(lock, every, [this] { return ends_; })) {
      lock.unlock();
      take();
      lock.lock();
    }
  }

  void take(const prometheus::MetricFamily& family, const prometheus::ClientMetric& metric) {
    Labels labels;
    for (const auto& label : metric.label)
      if (!label.value.empty()) labels.emplace_back(label.name, printable(label.value));
    switch (family.type) {
      case prometheus::MetricType::Counter:
        return count(family, family.name, labels, metric.counter.value);
      case prometheus::MetricType::Gauge:
        return set(family, family.name, labels, metric.gauge.value);
      case prometheus::MetricType::Histogram: return merge(family, labels, metric.histogram);
      case prometheus::MetricType::Summary: return summary(family, labels, metric.summary);
      default: return set(family, family.name, labels, metric.untyped.value);
    }
  }

  void count(const prometheus::MetricFamily& family, const std::string& name, const Labels& labels,
             double value) {
    Taken& taken = known(family, name, labels, 'c', {});
    // A registry whose counter went back began anew.
    if (value < taken.value) taken.value = 0;
    if (!(value - taken.value >= 1 && value < 0x1p63)) return;
    const double whole = std::floor(value);
    taken.counter.add(static_cast<uint64_t>(whole) - static_cast<uint64_t>(taken.value));
    taken.value = whole;
  }

  void set(const prometheus::MetricFamily& family, const std::string& name, const Labels& labels,
           double value) {
    known(family, name, labels, 'g', {}).gauge.set(value);
  }

  void merge(const prometheus::MetricFamily& family, const Labels& labels,
             const prometheus::ClientMetric::Histogram& histogram) {
    std::vector<double> bounds;
    for (const auto& bucket : histogram.bucket)
      if (std::isfinite(bucket.upper_bound)) bounds.push_back(bucket.upper_bound);
    Taken& taken = known(family, family.name, labels, 'h', bounds);
    taken.counts.resize(histogram.bucket.size());
    std::vector<double> values;
    std::vector<uint64_t> counts;
    uint64_t below = 0;
    double low = 0;
    for (size_t i = 0; i < histogram.bucket.size(); ++i) {
      const auto& bucket = histogram.bucket[i];
      const uint64_t within = bucket.cumulative_count - std::min(below, bucket.cumulative_count);
      below = bucket.cumulative_count;
      const uint64_t before = within < taken.counts[i] ? 0 : taken.counts[i];
      // A value that the bucket may have held.
      const double high = std::isfinite(bucket.upper_bound) ? bucket.upper_bound : 2 * low + 1;
      values.push_back((low + high) / 2);
      counts.push_back(within - before);
      taken.counts[i] = within;
      low = high;
    }
    Maker::merge(taken.histogram, values.data(), counts.data(), values.size(),
                 histogram.sample_sum - taken.value);
    taken.value = histogram.sample_sum;
  }

  void summary(const prometheus::MetricFamily& family, const Labels& labels,
               const prometheus::ClientMetric::Summary& summary) {
    for (const auto& quantile : summary.quantile) {
      Labels more = labels;
      more.emplace_back("quantile", short_text(quantile.quantile));
      set(family, family.name, more, quantile.value);
    }
    set(family, family.name + "_sum", labels, summary.sample_sum);
    count(family, family.name + "_count", labels, static_cast<double>(summary.sample_count));
  }

  Taken& known(const prometheus::MetricFamily& family, const std::string& name,
               const Labels& labels, char kind, const std::vector<double>& bounds) {
    std::string key = name;
    for (const auto& [label, value] : labels)
      key.append(1, '\0').append(label).append(1, '\0').append(value);
    const auto [place, is_new] = taken_.try_emplace(std::move(key));
    if (is_new) make(place->second, name, family.help, labels, kind, bounds);
    return place->second;
  }

  static void make(Taken& taken, const std::string& name, const std::string& help,
                   const Labels& labels, char kind, const std::vector<double>& bounds) {
    std::vector<Dimension> dimensions;
    for (const auto& [label, value] : labels) dimensions.push_back({label, value});
    const Description what{help, Unit::kNone, dimensions, bounds};
    if (kind == 'c') taken.counter = Maker::counter(name, what);
    else if (kind == 'g') taken.gauge = Maker::gauge(name, what);
    else taken.histogram = Maker::histogram(name, what);
  }

  static std::string printable(std::string_view value) {
    std::string text(value.substr(0, 255));
    for (char& c : text)
      if (c < 0x20 || c > 0x7e) c = '?';
    return text;
  }
  static std::string short_text(double number) {
    std::string text = std::to_string(number);
    while (text.ends_with('0')) text.pop_back();
    if (text.ends_with('.')) text.pop_back();
    return text;
  }

  const std::shared_ptr<prometheus::Collectable> from_;
  std::mutex taking_;
  std::map<std::string, Taken> taken_;  // guarded by taking_
  std::mutex mutex_;
  std::condition_variable woken_;
  bool ends_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace outrigger::metrics
