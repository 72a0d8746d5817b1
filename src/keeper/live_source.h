// What the admin pages show of a running keeper: admin::Source over the segment, the drain and the
// output.
//
// Its questions come from the admin server's thread, its findings from the keeper's; everything
// here is thread-safe.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "admin/source.h"
#include "keeper/declarations.h"
#include "keeper/drain.h"
#include "keeper/level.h"
#include "keeper/locators.h"
#include "keeper/metric_poster.h"
#include "keeper/output.h"
#include "keeper/recent.h"
#include "keeper/shipper.h"
#include "keeper/spool.h"
#include "keeper/watch.h"
#include "segment/layout.h"
#include "segment/metric_reader.h"
#include "segment/settings_answer.h"
#include "system/figures.h"

namespace outrigger::keeper {

// What the keeper's loop finds out about the service. Times: CLOCK_MONOTONIC.
struct Findings {
  std::atomic<int64_t> forgiven_ns{0};
  std::atomic<int64_t> stopped_since_ns{0};
  std::atomic<int64_t> dropped_at_ns{0};  // entries were last dropped, 0: never
  std::atomic<bool> traced{false};
  std::atomic<bool> ended{false};
  std::atomic<bool> draining{false};
};

class LiveSource : public admin::Source {
 public:
  struct Parts {
    segment::View view;
    int segment_fd;
    Spool& spool;
    Drain& drain;
    Recent& recent;
    LevelControl& level;
    Findings& findings;
    int service_pid = 0;
    admin::Profiles* profiles = nullptr;
  };
  explicit LiveSource(const Parts& parts);

  void declare(Declarations declarations);
  void set_output(const Output* output);
  void set_shipper(const Shipper* shipper);
  void set_poster(MetricPoster* poster);
  // What discovery found, and when (CLOCK_REALTIME). `locators` may be null.
  void set_answer(const segment::SettingsAnswer& answer, int64_t found_real_ns,
                  const Locators* locators);
  void set_ended(std::string how);
  void set_written(std::vector<std::string> files);
  void set_memory_end(std::string why);
  Verdict verdict(int64_t now_ns) const;

  // Of the system metrics those that the keeper alone knows; totals first, always in one order.
  std::vector<system::Figure> own_figures();

  bool local() override;
  std::string audience() override;
  admin::HealthReport health() override;
  admin::Liveness liveness() override;
  admin::VersionReport version() override;
  std::vector<admin::Metric> metrics() override;
  admin::ConfigReport config() override;
  Result<admin::LevelReport> level(std::string_view module) override;
  Result<admin::LevelReport> set_level(std::string_view module, admin::Level level,
                                       std::optional<std::chrono::seconds> lasting) override;
  admin::Profiles* profiles() override { return parts_.profiles; }

 private:
  int64_t started_ns() const;
  admin::Shipping shipping(const segment::DropTotals& dropped) const;
  std::vector<std::string> warnings(const segment::DropTotals& dropped, int64_t now_ns) const;

  std::vector<LocatorReport> locator_reports() const;
  std::vector<system::Figure> system_figures();
  void add_shipping(const segment::DropTotals& dropped, std::vector<admin::Metric>& metrics) const;
  void add_own_metrics(std::vector<admin::Metric>& metrics);

  const Parts parts_;
  const int64_t keeper_started_ns_;
  std::mutex metrics_mutex_;
  segment::MetricReader metrics_;  // guarded by metrics_mutex_, but for its counts
  segment::MetricValues values_;   // likewise
  mutable std::mutex mutex_;
  std::string instance_;                // guarded by mutex_
  Declarations declarations_;           // likewise
  admin::ConfigReport found_;           // likewise; its settings are those of declarations_
  int64_t found_real_ns_ = 0;           // likewise; 0: nothing was
  const Locators* locators_ = nullptr;  // likewise
  const Shipper* shipper_ = nullptr;    // likewise
  MetricPoster* poster_ = nullptr;      // likewise
  const Output* output_ = nullptr;      // likewise
  std::string ended_;                   // likewise
  std::vector<std::string> written_;    // likewise
  std::string memory_end_;              // likewise
};

}  // namespace outrigger::keeper
