// The thread that writes the spool's lines to stdout. It alone may block there: the drain goes on.
//
// A stdout that is closed, or never could be written, takes what is due and it is counted as lost;
// one line on stderr says so. A stdout that stalls stalls this thread only; what then becomes of
// the lines is the drain's affair (Spool::drop_oldest).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "keeper/spool.h"

namespace outrigger::keeper {

class Output {
 public:
  // `name` begins the line on stderr: the service's or the program's.
  Output(std::shared_ptr<Spool> spool, int fd, std::string name);
  // Waits for the thread unless it is stuck in a write(), then it is left behind; the process is
  // about to end.
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // --- Any thread ---
  // How long stdout has taken nothing of what is offered; 0 when it does.
  int64_t stalled_ns(int64_t now_ns) const;
  bool closed() const;
  std::string last_error() const;

 private:
  // What the thread uses; it may outlive the Output.
  struct Shared {
    std::shared_ptr<Spool> spool;
    int fd = -1;
    std::string name;
    std::atomic<int64_t> write_began_ns{0};  // CLOCK_MONOTONIC; 0: no write under way
    std::atomic<bool> closed{false};
    std::atomic<bool> ended{false};
    std::mutex mutex;
    std::string last_error;  // guarded by mutex
  };
  static void run(Shared& shared);
  static void write_chunk(Shared& shared, const char* bytes, const Spool::Chunk& chunk);
  static void give_up_on(Shared& shared, int error);

  std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace outrigger::keeper
