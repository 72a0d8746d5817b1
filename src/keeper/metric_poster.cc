#include "keeper/metric_poster.h"

#include <algorithm>
#include <random>

#include "aws/cloudwatch.h"
#include "base/clock.h"
#include "base/threads.h"
#include "keeper/deflate.h"
#include "keeper/destination.h"
#include "outrigger/metric_unit.h"

namespace outrigger::keeper {
namespace {

constexpr int64_t kMinute = MetricCollector::kMinute;
constexpr size_t kRecent = 10;
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
      ledger_(spool_fd, options_.at_most_once ? MetricLedger::Doubtful::kTaken
                                              : MetricLedger::Doubtful::kNotTaken),
      collector_(view, segment_fd, ledger_),
      transport_(std::make_unique<Transport>(std::move(access))),
      watch_(options_.subject) {
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

void MetricPoster::count(const std::string& name) {
  const std::lock_guard lock(mutex_);
  ++counted_[name];
}

void MetricPoster::run() {
  const int64_t began_ns = base::monotonic_ns();
  const int64_t phase = options_.random_phase ? random_second() : 0;
  int64_t second = phase;
  int64_t try_ns = 0;
  bool last_taken = false;
  for (;;) {
    const int64_t now_ns = base::monotonic_ns();
    watch_.look(now_ns);
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

// --- What is posted ----------------------------------------------------------------------------

uint32_t MetricPoster::own_series(std::string_view name, metrics::Unit unit,
                                  const std::string& mount) {
  for (size_t i = 0; i < own_.size(); ++i)
    if (own_[i].name == name && own_[i].mount == mount)
      return Part::kOwnSeries + static_cast<uint32_t>(i);
  metrics_.fetch_add(1, std::memory_order_relaxed);
  own_.push_back({std::string(name), std::string(metrics::unit_name(unit)), mount});
  return Part::kOwnSeries + static_cast<uint32_t>(own_.size() - 1);
}

void MetricPoster::add_own(std::vector<Part>& parts) {
  std::vector<system::Figure> figures = watch_.minute(base::monotonic_ns());
  if (options_.own_figures) {
    size_t place = 0;
    for (system::Figure& each : options_.own_figures()) {
      if (each.total && ledger_) {
        // What a predecessor has counted stays counted.
        const auto now = static_cast<uint64_t>(*each.total);
        const uint64_t before = ledger_.head().counted[place++ % kCounted].exchange(now);
        each.value = static_cast<double>(now - std::min(now, before));
      }
      figures.push_back(std::move(each));
    }
  }
  for (const system::Figure& figure : figures) {
    const auto& sent = options_.system;
    if (std::find(sent.begin(), sent.end(), figure.metric.name) == sent.end()) continue;
    Part part;
    part.series = own_series(figure.metric.name, figure.metric.unit, figure.mount);
    part.value = figure.value;
    part.kind = figure.total ? Part::Kind::kCounter : Part::Kind::kGauge;
    parts.push_back(std::move(part));
  }
}

void MetricPoster::add_counted(std::vector<Part>& parts) {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, count] : counted_) {
    Part part;
    part.series = own_series(name, metrics::Unit::kCount, {});
    part.value = static_cast<double>(count);
    parts.push_back(std::move(part));
  }
  counted_.clear();
}

void MetricPoster::collect(int64_t second, bool last) {
  if (!collector_.is_due(second) && !last) return;
  const bool minute = second % kMinute == 0 || last;
  Interval interval;
  interval.unix_s = base::real_ns() / base::kNsPerSecond;
  collector_.take(second, last ? MetricCollector::Take::kAll : MetricCollector::Take::kDue,
                  interval.parts);
  add_counted(interval.parts);
  if (minute) add_own(interval.parts);
  note(interval, minute);
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

void MetricPoster::enqueue(Interval interval) {
  queue_.push(std::move(interval));
  queued_.store(queue_.size(), std::memory_order_relaxed);
}

void MetricPoster::will_be(const Part& part) {
  if (part.is_own() || part.kind == Part::Kind::kGauge) return;
  ledger_.will_be(part.series, part.cell);
  if (part.histogram == nullptr) return;
  for (const segment::MetricOctave& octave : part.histogram->octaves) ledger_.will_be(octave);
}

Datum MetricPoster::datum_of(const Part& part) const {
  Datum datum;
  if (part.is_own()) {
    const Own& own = own_[part.series - Part::kOwnSeries];
    datum.name = own.name;
    datum.unit = own.unit;
    if (!own.mount.empty()) datum.dimensions.emplace_back("Mount", own.mount);
  } else {
    const segment::MetricSeries& series = collector_.series(part);
    datum.name = series.name;
    datum.unit = metrics::unit_name(static_cast<metrics::Unit>(series.unit));
    datum.dimensions = series.dimensions;
    datum.high_resolution = series.period_s < kMinute;
  }
  if (!options_.environment.empty())
    datum.dimensions.emplace_back("Environment", options_.environment);
  datum.value = part.value;
  if (part.histogram != nullptr) datum.distribution = part.histogram->distribution;
  return datum;
}

// --- What is shown -----------------------------------------------------------------------------

// The program's own first, then its operations', then the machine's.
MetricHistory::About MetricPoster::about(const Part& part) const {
  const Datum datum = datum_of(part);
  const bool of_operation =
      !datum.dimensions.empty() && datum.dimensions.front().first == "Operation";
  constexpr uint64_t kLater = uint64_t{1} << 30;  // behind every slot, before the own ones
  return {{0, datum.name, 0, datum.unit, datum.dimensions, {}},
          part.series + (of_operation ? kLater : 0)};
}

void MetricPoster::note(const Interval& interval, bool minute) {
  const std::lock_guard lock(mutex_);
  for (const Part& part : interval.parts) {
    if (!part.is_own()) {
      if (part.series >= was_posted_.size()) was_posted_.resize(part.series + 1);
      if (!was_posted_[part.series]) metrics_.fetch_add(1, std::memory_order_relaxed);
      was_posted_[part.series] = true;
    }
    history_.note(part.series,
                  part.histogram != nullptr ? mean_of(part.histogram->distribution) : part.value,
                  interval.unix_s, minute, [&] { return about(part); });
  }
}

std::vector<system::Figure> MetricPoster::system_figures() { return watch_.shown(); }

// --- The way out -------------------------------------------------------------------------------

// A request's body from the first part that is not settled; where the part behind its last one is.
size_t MetricPoster::fill(const Interval& interval, std::string& body, size_t& members) const {
  body = body_begin(options_.name_space);
  members = 0;
  size_t end = interval.sent;
  for (; end < interval.parts.size(); ++end) {
    const size_t bytes_before = body.size(), members_before = members;
    append_datum(datum_of(interval.parts[end]), interval.unix_s, body, members);
    const bool fits = members <= aws::cloudwatch::kMetricsMax &&
                      body.size() + kBodyEnd.size() <= aws::cloudwatch::kPostBytesMax;
    if (fits || end == interval.sent) continue;  // one datum alone fills no request
    body.resize(bytes_before);
    members = members_before;
    break;
  }
  body += kBodyEnd;
  return end;
}

int64_t MetricPoster::post(int64_t now_ns) {
  Interval& interval = queue_.front();
  const int64_t oldest_s = base::real_ns() / base::kNsPerSecond -
                           std::chrono::seconds(aws::cloudwatch::kAgeMax).count() + 60;
  LedgerHead& head = ledger_.head();
  while (interval.sent < interval.parts.size()) {
    std::string body;
    size_t members = 0;
    const size_t end = fill(interval, body, members);
    ledger_.begin(members);
    for (size_t i = interval.sent; i < end; ++i) will_be(interval.parts[i]);
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
  if (interval.sent == interval.parts.size()) queue_.pop();
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
  report.recent = history_.latest(kRecent);
  report.metrics = metrics_.load(std::memory_order_relaxed);
  return report;
}

}  // namespace outrigger::keeper
