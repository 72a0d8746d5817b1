#include "keeper/metric_poster.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "aws/cloudwatch.h"
#include "base/clock.h"
#include "base/threads.h"
#include "keeper/deflate.h"
#include "keeper/destination.h"
#include "outrigger/metric_unit.h"

namespace outrigger::keeper {
namespace {

using segment::MetricKind;

constexpr int64_t kMinute = 60;
constexpr size_t kIntervalsMax = 180;
constexpr size_t kHistoryMax = 60;
constexpr size_t kLatestMax = 2'000;
constexpr size_t kRecent = 10;
constexpr uint32_t kNoSeries = UINT32_MAX;
constexpr int64_t kRetryFirstNs = 250 * base::kNsPerMs;
constexpr int64_t kRetryMaxNs = 30 * base::kNsPerSecond;
constexpr int64_t kDeniedNs = 60 * base::kNsPerSecond;
constexpr std::chrono::milliseconds kAttemptTimeout{5'000};
// The SDKs' own threshold: what is smaller is not worth it.
constexpr size_t kCompressFrom = 10'240;

int64_t random_second() {
  std::random_device device;
  return std::uniform_int_distribution<int64_t>(0, kMinute - 1)(device);
}

std::string key_of(const Datum& datum) {
  std::string key = datum.name;
  for (const auto& [name, value] : datum.dimensions)
    key.append(1, '\0').append(name).append(1, '\0').append(value);
  return key;
}

void add_to(Distribution& into, const Distribution& more) {
  Distribution sum;
  size_t a = 0, b = 0;
  while (a < into.size() || b < more.size()) {
    if (b == more.size() || (a < into.size() && into[a].first < more[b].first)) {
      sum.push_back(into[a++]);
    } else if (a == into.size() || more[b].first < into[a].first) {
      sum.push_back(more[b++]);
    } else {
      sum.emplace_back(into[a].first, into[a].second + more[b].second);
      ++a, ++b;
    }
  }
  into = std::move(sum);
}

}  // namespace

class MetricPoster::Transport {
 public:
  explicit Transport(std::shared_ptr<discovery::Access> access) : access_(std::move(access)) {}

  PutOutcome put(const std::string& body, int attempts, bool& maybe_taken) {
    using Kind = PutOutcome::Kind;
    const auto here = access_->find(&cancel_);
    if (here->client == nullptr) return {Kind::kRetry, {}, here->no_client};
    PackedBytes packed;
    const bool packs = body.size() >= kCompressFrom;
    if (packs) gzip(body, packed);
    const auto put = aws::cloudwatch::put_metric_data(
        *here->client, packs ? packed.text() : std::string_view(body),
        packs ? aws::cloudwatch::Encoding::kGzip : aws::cloudwatch::Encoding::kPlain,
        kAttemptTimeout, attempts, &cancel_);
    if (put) return {};
    maybe_taken = put.failure().maybe_taken;
    PutOutcome outcome{Kind::kRetry, {}, put.failure().message};
    if (put.failure().kind == aws::FailureKind::kDenied) outcome.kind = Kind::kDenied;
    // Only what blames the data itself; all else passes when somebody mends a role or an endpoint.
    if (put.failure().kind == aws::FailureKind::kRejected &&
        (put.failure().is("InvalidParameterValue") ||
         put.failure().is("InvalidParameterValueException") ||
         put.failure().is("InvalidParameterCombination") || put.failure().status == 413))
      outcome.kind = Kind::kInvalid;
    return outcome;
  }
  void cancel() { cancel_.fire(); }

 private:
  const std::shared_ptr<discovery::Access> access_;
  http::Cancel cancel_;
};

MetricPoster::MetricPoster(segment::View view, int segment_fd, int spool_fd,
                           std::shared_ptr<discovery::Access> access, MetricPostOptions options)
    : options_(std::move(options)),
      ledger_(spool_fd),
      reader_(view, segment_fd),
      transport_(std::make_unique<Transport>(std::move(access))) {
  thread_ = base::start_thread("or-metrics", [this] { run(); });
}

MetricPoster::~MetricPoster() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  transport_->cancel();
  woken_.notify_one();
  thread_.join();
}

void MetricPoster::finish(int64_t send_by_ns) {
  send_by_ns_.store(send_by_ns, std::memory_order_release);
  const std::lock_guard lock(mutex_);
  woken_.notify_one();
}

void MetricPoster::add_once(Datum datum) {
  const std::lock_guard lock(mutex_);
  once_.push_back(std::move(datum));
}

void MetricPoster::run() {
  const int64_t began_ns = base::monotonic_ns();
  const int64_t phase = options_.random_phase ? random_second() : 0;
  int64_t second = phase;
  int64_t try_ns = 0;
  bool last_taken = false;
  for (;;) {
    const int64_t now_ns = base::monotonic_ns();
    const int64_t send_by_ns = send_by_ns_.load(std::memory_order_acquire);
    const int64_t current = phase + (now_ns - began_ns) / base::kNsPerSecond;
    if (send_by_ns != 0 && !last_taken) {
      collect(current, true);
      last_taken = true;
      try_ns = 0;
      failures_ = 0;
    } else if (current != second && !last_taken) {
      // Seconds that were slept through count once.
      for (int64_t each = std::max(second + 1, current - kMinute + 1); each < current; ++each)
        if (each % kMinute == 0) second = each, collect(each, false);
      second = current;
      collect(current, false);
    }
    if (!queue_.empty() && now_ns >= try_ns) try_ns = post(now_ns);
    if (last_taken && (queue_.empty() || now_ns >= send_by_ns)) {
      finished_.store(true, std::memory_order_release);
    }
    std::unique_lock lock(mutex_);
    if (stopped_) return;
    const int64_t rest_ns =
        queue_.empty() || finished()
            ? base::kNsPerSecond
            : std::clamp(try_ns - base::monotonic_ns(), int64_t{0}, base::kNsPerSecond);
    if (send_by_ns_.load() != 0 && !last_taken) continue;
    if (rest_ns > 0) woken_.wait_for(lock, std::chrono::nanoseconds(rest_ns));
    if (stopped_) return;
  }
}

bool MetricPoster::is_due(const segment::MetricSeries& series, int64_t second, bool last) const {
  return last || second % series.period_s == 0;
}

std::optional<MetricPoster::Part> MetricPoster::difference(
    const segment::MetricSeries& series, const segment::MetricValues& values,
    const std::map<uint32_t, std::vector<size_t>>& octaves) {
  Part part;
  part.series = series.index;
  part.datum.name = series.name;
  part.datum.unit = metrics::unit_name(static_cast<metrics::Unit>(series.unit));
  part.datum.dimensions = series.dimensions;
  part.datum.high_resolution = series.period_s < kMinute;
  const uint64_t cell = values.cells[series.index];
  if (series.kind == MetricKind::kGauge) {
    part.series = kNoSeries;
    part.datum.value = std::bit_cast<double>(cell);
    if (!std::isfinite(part.datum.value) || std::abs(part.datum.value) > aws::cloudwatch::kValueMax)
      return std::nullopt;
    return part;
  }
  uint64_t& before = cells_[series.index];
  // A value that went back is a corrupt service's: nothing was counted then.
  const uint64_t grown = cell > before ? cell - before : 0;
  before = part.cell = std::max(cell, before);
  part.datum.value = static_cast<double>(grown);
  if (series.kind == MetricKind::kCounter) {
    if (grown == 0 && series.from_call) return std::nullopt;
    return part;
  }
  if (grown != 0) part.datum.distribution.emplace_back(0, grown);
  if (const auto found = octaves.find(series.index); found != octaves.end()) {
    for (const size_t place : found->second) {
      const segment::MetricOctave& now = values.octaves[place];
      auto [last, is_new] = octaves_.try_emplace({now.series, now.octave}, now);
      if (is_new) {
        for (size_t b = 0; b < segment::kBlockBuckets; ++b)
          last->second.counts[b] = ledger_ ? ledger_.bucket(now.series, now.octave, b) : 0;
      }
      bool changed = false;
      for (size_t b = 0; b < segment::kBlockBuckets; ++b) {
        uint64_t& old = last->second.counts[b];
        if (now.counts[b] <= old) continue;
        part.datum.distribution.emplace_back(segment::bucket_middle(now.octave, b),
                                             now.counts[b] - old);
        old = now.counts[b];
        changed = true;
      }
      if (changed) part.octaves.push_back(last->second);
    }
  }
  if (part.datum.distribution.empty()) return std::nullopt;
  std::sort(part.datum.distribution.begin(), part.datum.distribution.end());
  return part;
}

void MetricPoster::collect(int64_t second, bool last) {
  const auto& series = reader_.series();
  if (!last &&
      std::none_of(series.begin(), series.end(),
                   [&](const auto& each) { return is_due(each, second, false); }) &&
      second % kMinute != 0)
    return;
  segment::MetricValues values;
  reader_.read(values);
  for (size_t i = cells_.size(); i < values.cells.size(); ++i)
    cells_.push_back(ledger_ ? ledger_.cell(static_cast<uint32_t>(i)) : 0);
  std::map<uint32_t, std::vector<size_t>> octaves;
  for (size_t i = 0; i < values.octaves.size(); ++i) octaves[values.octaves[i].series].push_back(i);
  Interval interval;
  interval.unix_s = base::real_ns() / base::kNsPerSecond;
  for (const segment::MetricSeries& each : series) {
    if (each.index >= values.cells.size() || !is_due(each, second, last)) continue;
    if (auto part = difference(each, values, octaves)) {
      if (!options_.environment.empty())
        part->datum.dimensions.emplace_back("Environment", options_.environment);
      interval.parts.push_back(std::move(*part));
    }
  }
  {
    const std::lock_guard lock(mutex_);
    for (Datum& datum : once_) {
      if (!options_.environment.empty())
        datum.dimensions.emplace_back("Environment", options_.environment);
      interval.parts.push_back({kNoSeries, std::move(datum), 0, {}});
    }
    once_.clear();
  }
  note(interval, second % kMinute == 0 || last);
  if (!ledger_) return;
  if (options_.posts) {
    if (!interval.parts.empty()) enqueue(std::move(interval));
    return;
  }
  // Shown is all that is asked for: a successor shows differences from here on.
  ledger_.begin(0);
  for (const Part& part : interval.parts) will_be(part);
  ledger_.acknowledge();
}

void MetricPoster::note(const Interval& interval, bool minute) {
  const std::lock_guard lock(mutex_);
  for (const Part& part : interval.parts) {
    const std::string key = key_of(part.datum);
    if (latest_.size() >= kLatestMax && !latest_.contains(key)) continue;
    admin::PostedMetric& latest = latest_[key];
    std::vector<double> history = std::move(latest.history);
    const double value = part.datum.mean();
    if (minute) history.push_back(value);
    if (history.size() > kHistoryMax) history.erase(history.begin());
    latest = {interval.unix_s * base::kNsPerSecond,
              part.datum.name,
              value,
              part.datum.unit,
              part.datum.dimensions,
              std::move(history)};
  }
}

// Of two intervals that follow each other: the sums of both, the later one's gauges.
void MetricPoster::merge(Interval& into, Interval later) {
  std::map<std::string, size_t> places;
  for (size_t i = 0; i < into.parts.size(); ++i) places[key_of(into.parts[i].datum)] = i;
  into.unix_s = later.unix_s;
  for (Part& part : later.parts) {
    const auto found = places.find(key_of(part.datum));
    if (found == places.end()) {
      into.parts.push_back(std::move(part));
      continue;
    }
    Part& earlier = into.parts[found->second];
    if (part.series != kNoSeries && part.datum.distribution.empty())
      part.datum.value += earlier.datum.value;
    add_to(part.datum.distribution, earlier.datum.distribution);
    for (segment::MetricOctave& octave : earlier.octaves) {
      const bool again = std::any_of(
          part.octaves.begin(), part.octaves.end(),
          [&](const segment::MetricOctave& other) { return other.octave == octave.octave; });
      if (!again) part.octaves.push_back(std::move(octave));
    }
    earlier = std::move(part);
  }
}

void MetricPoster::enqueue(Interval interval) {
  queue_.push_back(std::move(interval));
  if (queue_.size() > kIntervalsMax) {
    // Not the first: a part of it may be under way.
    Interval later = std::move(queue_[2]);
    queue_.erase(queue_.begin() + 2);
    merge(queue_[1], std::move(later));
  }
  queued_.store(queue_.size(), std::memory_order_relaxed);
}

void MetricPoster::will_be(const Part& part) {
  if (part.series == kNoSeries) return;
  ledger_.will_be(part.series, part.cell);
  for (const segment::MetricOctave& octave : part.octaves) ledger_.will_be(octave);
}

int64_t MetricPoster::post(int64_t now_ns) {
  Interval& interval = queue_.front();
  const int64_t oldest_s = base::real_ns() / base::kNsPerSecond -
                           std::chrono::seconds(aws::cloudwatch::kAgeMax).count() + 60;
  LedgerHead& head = ledger_.head();
  while (interval.sent < interval.parts.size()) {
    std::string body = body_begin(options_.name_space);
    size_t members = 0, end = interval.sent;
    for (; end < interval.parts.size(); ++end) {
      const size_t bytes_before = body.size(), members_before = members;
      append_datum(interval.parts[end].datum, interval.unix_s, body, members);
      if (members <= aws::cloudwatch::kMetricsMax &&
          body.size() + kBodyEnd.size() <= aws::cloudwatch::kPostBytesMax)
        continue;
      if (end == interval.sent) continue;  // cannot be: one datum fills no request
      body.resize(bytes_before);
      members = members_before;
      break;
    }
    body += kBodyEnd;
    ledger_.begin(members);
    for (size_t i = interval.sent; i < end; ++i) {
      will_be(interval.parts[i]);
    }
    const bool late = interval.unix_s < oldest_s;
    bool maybe_taken = false;
    // One attempt a call, so that each that may have been taken is known.
    const PutOutcome outcome =
        late ? PutOutcome{PutOutcome::Kind::kInvalid, {}, "older than two weeks"}
             : transport_->put(body, 1, maybe_taken);
    const bool lost_answer = outcome.kind == PutOutcome::Kind::kRetry && maybe_taken;
    {
      const std::lock_guard lock(mutex_);
      denied_ = outcome.kind == PutOutcome::Kind::kDenied;
      if (!outcome.error.empty()) last_error_ = outcome.error;
    }
    if (lost_answer) head.ambiguous.fetch_add(members, std::memory_order_relaxed);
    if (outcome.kind == PutOutcome::Kind::kTaken || (lost_answer && options_.at_most_once)) {
      head.sent.fetch_add(members, std::memory_order_relaxed);
    } else if (outcome.kind == PutOutcome::Kind::kInvalid) {
      head.dropped.fetch_add(members, std::memory_order_relaxed);
    } else {
      head.retries.fetch_add(1, std::memory_order_relaxed);
      if (outcome.kind == PutOutcome::Kind::kDenied && send_by_ns_.load() == 0)
        return now_ns + kDeniedNs;
      const int64_t pause_ns = std::min(kRetryMaxNs, kRetryFirstNs << std::min(failures_++, 10u));
      return base::monotonic_ns() + (send_by_ns_.load() != 0 ? kRetryFirstNs : pause_ns);
    }
    ledger_.acknowledge();
    failures_ = 0;
    interval.sent = end;
    if (const int64_t by_ns = send_by_ns_.load(); by_ns != 0 && base::monotonic_ns() > by_ns) break;
  }
  if (interval.sent == interval.parts.size()) queue_.pop_front();
  queued_.store(queue_.size(), std::memory_order_relaxed);
  return 0;
}

MetricPostReport MetricPoster::report() const {
  MetricPostReport report;
  if (!ledger_) return report;
  const LedgerHead& head = ledger_.head();
  report.shipping.sent = head.sent.load(std::memory_order_relaxed);
  report.shipping.dropped = head.dropped.load(std::memory_order_relaxed);
  report.shipping.retries = head.retries.load(std::memory_order_relaxed);
  report.shipping.ambiguous = head.ambiguous.load(std::memory_order_relaxed);
  report.shipping.pending = queued_.load(std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  report.shipping.last_error = last_error_;
  report.denied = denied_;
  std::vector<const admin::PostedMetric*> latest;
  for (const auto& [key, metric] : latest_) latest.push_back(&metric);
  const size_t shown = std::min(kRecent, latest.size());
  std::partial_sort(latest.begin(), latest.begin() + static_cast<std::ptrdiff_t>(shown),
                    latest.end(),
                    [](const auto* a, const auto* b) { return a->time_ns > b->time_ns; });
  for (size_t i = 0; i < shown; ++i) report.recent.push_back(*latest[i]);
  return report;
}

}  // namespace outrigger::keeper
