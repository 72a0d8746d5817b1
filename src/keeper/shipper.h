// The thread that brings the spool's lines to CloudWatch Logs. It never blocks on the network (its
// senders do), and the drain never waits for it.
//
//   spool ─ cut ─► senders ─► taken: the mark moves on
//     │              └─ not taken: again and again, as it is
//     └─ the spool fills up: the oldest lines go into the backlog, compressed, and come back from
//        there; what the backlog's bound pushes out goes into the ledger, told in the stream later
//
// Where the role must not write logs (AccessDenied) lines are printed on stdout, and once a minute
// CloudWatch is asked again. At the end all is sent until a deadline; what is left is printed, and a
// last line counts it.
//
// A put that may have been taken is sent again unchanged: its entries' keys show the duplicates.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "keeper/backlog.h"
#include "keeper/destination.h"
#include "keeper/pace.h"
#include "keeper/sender.h"
#include "keeper/spool.h"

namespace outrigger::keeper {

struct ShipReport {
  uint64_t delivered = 0;
  uint64_t printed = 0;  // on stdout instead
  uint64_t dropped = 0;  // lines that the ledger counts
  uint64_t pending = 0;
  uint64_t retries = 0;
  uint64_t backlog_bytes = 0;
  bool denied = false;
  int64_t failing_since_ns = 0;  // CLOCK_MONOTONIC; 0: it works
  std::string last_error;
};

class Shipper {
 public:
  struct Options {
    BatchLimits limits;
    Coding coding = Coding::kGzip;
    // Of the compressed backlog.
    size_t backlog_bytes_max = kCells * kCellBytes;
    // A batch that is not full is sent so long after its first entry.
    int64_t flush_after_ns = base::kNsPerSecond;
    // stdout has all lines anyway (--logs both): nothing is printed a second time.
    bool is_printed_anyway = false;
    int print_to = 1;
    std::string name;  // of the service, for lines on stderr
  };
  // Precondition: the spool has shipping's memory and counts on a shipper.
  Shipper(std::shared_ptr<Spool> spool, std::unique_ptr<Destination> destination, Options options);
  ~Shipper();
  Shipper(const Shipper&) = delete;
  Shipper& operator=(const Shipper&) = delete;

  // --- Any thread ---
  // The service drains: no more patience.
  void hurry();
  // All that there will be is committed. Sends until `send_by_ns` (CLOCK_MONOTONIC), then prints.
  void finish(int64_t send_by_ns);
  // Everything is settled, and what was printed is counted.
  bool finished() const { return finished_.load(std::memory_order_acquire); }
  // Puts are taken: the time to tell what was dropped.
  bool is_reaching() const { return reaching_.load(std::memory_order_relaxed); }
  ShipReport report() const;

 private:
  // A batch on its way. Live: its lines are in the spool. Otherwise they are in blocks of the
  // backlog.
  struct Job {
    uint64_t begin = 0;
    uint64_t end = 0;  // live: begin < end
    std::vector<uint32_t> blocks;
    std::string text;              // of the blocks
    std::vector<BatchLine> lines;  // until it is under way
    bool live = false;
    bool under_way = false;
    bool attempted = false;
    bool invalid = false;  // to be sent in halves
  };
  struct Seat {
    std::unique_ptr<Job> job;
    std::unique_ptr<Sender> sender;  // ends first: its thread reads the job
  };

  void run();
  void turn(int64_t now_ns);
  void resume();
  // --- shipper.cc: puts ---
  void take_results(int64_t now_ns);
  void take_result(Seat& seat, int64_t now_ns);
  void take_prepared(int64_t now_ns);
  void note_failure(PutOutcome::Kind kind, const std::string& error, int64_t now_ns);
  void settle(Job& job);
  size_t settled_free() const;
  void advance_mark();
  void move_mark(uint64_t to);
  void start_puts(int64_t now_ns);
  void prepare(int64_t now_ns);
  void probe(int64_t now_ns);
  bool start_one(Seat& seat, int64_t now_ns);
  std::unique_ptr<Job> next_job(int64_t now_ns);
  std::unique_ptr<Job> live_job(int64_t now_ns);
  bool is_starting() const;
  bool may_send(int64_t now_ns) const;
  size_t under_way() const;
  bool extend_cut();
  // --- shipper_keep.cc: what is not taken ---
  uint64_t fill_max() const;
  void evacuate();
  bool evacuate_oldest();
  void halve(Seat& seat);
  void note_loss(Loss loss, const Tally& tally);
  void print_all();
  void print_blocks();
  void print_spool(uint64_t until);
  void print(std::string_view lines);
  void write_out(std::string_view lines);
  void drop_jobs();
  void finish_by_printing();
  void print_last_line();
  int64_t next_wake_ns(int64_t now_ns) const;
  uint64_t wanted() const;
  Sender& sender_of(Seat& seat);
  Seat* seat_at(uint64_t begin);  // of the live job that begins there

  ShipMemory& memory_;
  const std::shared_ptr<Spool> spool_;
  const std::unique_ptr<Destination> destination_;
  const Options options_;
  Backlog backlog_;
  Pace pace_{kPutsMax};
  std::vector<Seat> seats_{kPutsMax};
  std::vector<std::unique_ptr<Job>> abandoned_;  // at the end: a sender may still read their lines

  // The shipping thread's.
  uint64_t mark_ = 0;
  uint64_t next_ = 0;       // the first line that is in no job
  uint64_t committed_ = 0;  // as last seen
  BatchCut cut_;            // from next_ on
  int64_t cut_since_ns_ = 0;
  int64_t flush_after_ns_ = 0;  // jittered anew for each batch
  int64_t denied_until_ns_ = 0;
  int64_t busy_ns_ = 0;  // the last put began
  size_t probed_ = 0;
  // Where to send to is found out before any line is in a sender's hands: that takes as long as it
  // takes, and meanwhile the spool's oldest lines must be free to go into the backlog.
  bool prepared_ = false;
  bool preparing_ = false;
  unsigned asked_ = 0;  // so often in vain
  bool in_haste_ = false;
  bool finishing_ = false;
  bool shrunk_ = true;
  uint64_t printed_at_end_ = 0;
  bool print_failed_ = false;

  std::atomic<bool> hurry_{false};
  std::atomic<int64_t> send_by_ns_{0};  // not 0: finish
  std::atomic<bool> stopped_{false};
  std::atomic<bool> finished_{false};
  std::atomic<bool> reaching_{false};
  std::atomic<bool> denied_{false};
  std::atomic<int64_t> failing_since_ns_{0};
  std::atomic<uint64_t> backlog_bytes_{0};
  mutable std::mutex mutex_;
  std::string last_error_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace outrigger::keeper
