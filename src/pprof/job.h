// What is asked of the profiler, and a profile under way. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "outrigger/result.h"

namespace outrigger::pprof {

enum class Kind { kCpu, kWall, kRecord, kThreads, kSymbols, kHeap, kAllocs, kMutex, kBlock };
inline constexpr size_t kKinds = 9;
enum class Form { kProto, kText, kTop };

struct Ask {
  Kind kind = Kind::kCpu;
  Form form = Form::kProto;
  // 0, for what is kept in books: since the start; kRecord: that were last.
  int64_t seconds = 30;
  uint32_t hz = 100;
  std::vector<uint64_t> addresses;  // kSymbols: to be named
  // For the keeper itself: neither it nor a client waits for the other.
  bool by_itself = false;
};

// "a CPU profile of 30 s at 100 Hz"
std::string describe(const Ask& ask);

class Job {
 public:
  explicit Job(Ask ask) : ask_(std::move(ask)) {}

  const Ask& ask() const { return ask_; }
  // The answer in the form that was asked for, once.
  std::optional<Result<std::string>> take();
  // Nobody wants it any more.
  void cancel();

  // For the profiler.
  bool cancelled() const;
  void finish(Result<std::string> result);

 private:
  const Ask ask_;
  mutable std::mutex mutex_;  // guards all below
  std::optional<Result<std::string>> result_;
  bool cancelled_ = false;
};

}  // namespace outrigger::pprof
