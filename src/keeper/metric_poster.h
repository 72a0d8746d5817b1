// The thread that takes the metrics' differences, minute by minute, looks at the machine, keeps the
// last hour for the page, and posts to CloudWatch.
//
//   cells, /proc ─ each due second: differences ─► queue of intervals ─► requests ─► acknowledged
//                     └─► history
//
// Intervals go out in their order, one request at a time. While CloudWatch does not answer they wait
// (interval.h bounds them). What is acknowledged is kept in the ledger: a successor goes on from
// there.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "admin/report.h"
#include "discovery/access.h"
#include "keeper/datum.h"
#include "keeper/interval.h"
#include "keeper/metric_collector.h"
#include "keeper/metric_history.h"
#include "keeper/metric_ledger.h"
#include "keeper/system_watch.h"
#include "outrigger/metric_unit.h"
#include "segment/metric_reader.h"

namespace outrigger::keeper {

struct MetricPostOptions {
  bool posts = false;  // to CloudWatch; otherwise only the page is served
  bool random_phase = false;
  std::string name_space;   // the service's name
  std::string environment;  // a dimension of all; empty: none
  // A request whose answer was lost is not sent again: it may be missing, never counted twice.
  bool at_most_once = false;
  std::vector<std::string> system{};  // names of the system metrics that are sent
  system::Subject subject{};
  // Those that the machine does not know: ErrorLogs, Healthy. Totals at most kCounted, always in one
  // order; what of them is new, the ledger says.
  std::function<std::vector<system::Figure>()> own_figures{};
};

struct MetricPostReport {
  admin::Shipping shipping;
  bool denied = false;
  std::vector<admin::PostedMetric> recent;  // the last 10, newest first
  uint64_t metrics = 0;                     // that were ever posted: each is billed
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
  // One more, in the next interval that is taken: of what is seldom, and of no series of the segment.
  void count(const std::string& name);
  bool finished() const { return finished_.load(std::memory_order_acquire); }
  MetricPostReport report() const;
  // Of the machine, as of the last look: at most some ten seconds ago once this was asked for.
  std::vector<system::Figure> system_figures();

 private:
  // A metric of the keeper's own.
  struct Own {
    std::string name;
    std::string unit;
    std::string mount;
  };
  class Transport;

  void run();
  void collect(int64_t second, bool last);
  void add_own(std::vector<Part>& parts);
  void add_counted(std::vector<Part>& parts);
  uint32_t own_series(std::string_view name, metrics::Unit unit, const std::string& mount);
  void note(const Interval& interval, bool minute);
  void enqueue(Interval interval);
  Datum datum_of(const Part& part) const;
  MetricHistory::About about(const Part& part) const;
  void will_be(const Part& part);
  int64_t post(int64_t now_ns);  // when to try again
  size_t fill(const Interval& interval, std::string& body, size_t& members) const;

  const MetricPostOptions options_;
  MetricLedger ledger_;
  MetricCollector collector_;
  std::unique_ptr<Transport> transport_;
  SystemWatch watch_;

  // The thread's.
  IntervalQueue queue_;
  std::vector<Own> own_;
  std::vector<bool> was_posted_;  // by slot
  unsigned failures_ = 0;

  std::atomic<uint64_t> metrics_{0};
  std::atomic<size_t> queued_{0};
  std::atomic<int64_t> send_by_ns_{0};
  std::atomic<bool> finished_{false};
  mutable std::mutex mutex_;
  std::condition_variable woken_;
  bool stopped_ = false;                     // guarded by mutex_
  std::string last_error_;                   // likewise
  std::map<std::string, uint64_t> counted_;  // likewise
  bool denied_ = false;                      // likewise
  MetricHistory history_;                    // likewise
  std::thread thread_;
};

}  // namespace outrigger::keeper
