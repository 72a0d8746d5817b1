// The thread that takes the metrics' differences, minute by minute, keeps the last hour for the
// page, and posts to CloudWatch.
//
//   cells ─ each due second: differences ─► queue of intervals ─► requests ─► acknowledged
//                     └─► history
//
// Intervals go out in their order, one request at a time. While CloudWatch does not answer they wait;
// beyond kIntervalsMax the two oldest become one, so that nothing is lost but the time within it. What
// is acknowledged is kept in the ledger: a successor goes on from there.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "admin/report.h"
#include "discovery/access.h"
#include "keeper/datum.h"
#include "keeper/metric_ledger.h"
#include "segment/metric_reader.h"

namespace outrigger::keeper {

struct MetricPostOptions {
  bool posts = false;  // to CloudWatch; otherwise only the page is served
  bool random_phase = false;
  std::string name_space;   // the service's name
  std::string environment;  // a dimension of all; empty: none
  // A request whose answer was lost is not sent again: it may be missing, never counted twice.
  bool at_most_once = false;
};

struct MetricPostReport {
  admin::Shipping shipping;
  bool denied = false;
  std::vector<admin::PostedMetric> recent;  // the last 10, newest first
};

class MetricPoster {
 public:
  // `access` is asked with the first request.
  MetricPoster(segment::View view, int segment_fd, int spool_fd,
               std::shared_ptr<discovery::Access> access, MetricPostOptions options);
  ~MetricPoster();
  MetricPoster(const MetricPoster&) = delete;
  MetricPoster& operator=(const MetricPoster&) = delete;

  // --- Any thread ---
  // All that there will be is counted: the last interval is taken and sent until then
  // (CLOCK_MONOTONIC).
  void finish(int64_t send_by_ns);
  // With the next interval that is taken, once.
  void add_once(Datum datum);
  bool finished() const { return finished_.load(std::memory_order_acquire); }
  MetricPostReport report() const;

 private:
  struct Part {           // of an interval: one metric
    uint32_t series = 0;  // UINT32_MAX: none of the segment
    Datum datum;
    uint64_t cell = 0;  // of the ledger, once this is acknowledged
    std::vector<segment::MetricOctave> octaves;
  };
  struct Interval {
    int64_t unix_s = 0;
    std::vector<Part> parts;
    size_t sent = 0;  // parts that are settled
  };
  class Transport;

  void run();
  void collect(int64_t second, bool last);
  bool is_due(const segment::MetricSeries& series, int64_t second, bool last) const;
  std::optional<Part> difference(const segment::MetricSeries& series,
                                 const segment::MetricValues& values,
                                 const std::map<uint32_t, std::vector<size_t>>& octaves);
  void note(const Interval& interval, bool minute);
  void will_be(const Part& part);
  void enqueue(Interval interval);
  static void merge(Interval& into, Interval later);
  int64_t post(int64_t now_ns);  // when to try again

  const MetricPostOptions options_;
  MetricLedger ledger_;
  segment::MetricReader reader_;
  std::unique_ptr<Transport> transport_;

  // The thread's.
  std::vector<uint64_t> cells_;  // as of the last difference, by slot
  std::map<std::pair<uint32_t, uint32_t>, segment::MetricOctave> octaves_;  // likewise
  std::deque<Interval> queue_;
  std::atomic<size_t> queued_{0};
  unsigned failures_ = 0;

  std::atomic<int64_t> send_by_ns_{0};
  std::atomic<bool> finished_{false};
  mutable std::mutex mutex_;
  std::condition_variable woken_;
  bool stopped_ = false;     // guarded by mutex_
  std::string last_error_;   // likewise
  std::vector<Datum> once_;  // likewise
  bool denied_ = false;      // likewise
  // Likewise, by name and dimensions: the latest, with its hour.
  std::map<std::string, admin::PostedMetric> latest_;
  std::thread thread_;
};

}  // namespace outrigger::keeper
