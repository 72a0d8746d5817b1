// All threads of a process at one moment: every one of them is held before the first stack is
// copied, so that what they show belongs together. Stacks are unwound while they stand; names come
// after they have gone on, from files that were opened before.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "outrigger/result.h"
#include "segment/sample_reader.h"

namespace outrigger::pprof {

struct StackFrame {
  uint64_t address = 0;
  std::string function;  // "shop::Cart::add"
  uint64_t offset = 0;   // of the address in it
  std::string source;    // "cart.cc:41"; empty: not known
};

// A thread that waits in the kernel for a word to change: a lock, most often.
struct FutexWait {
  uint64_t word_at = 0;
  int32_t owner = 0;  // the thread that holds the pthread_mutex_t there; 0: none, or not a mutex
};

struct ThreadStack {
  int32_t id = 0;
  std::string name;
  std::string state;  // "running", "sleeping", ...
  std::optional<FutexWait> wait;
  std::vector<StackFrame> frames;  // leaf first
};

// Where a thread stood when it crashed: it is in its handler by now.
struct CrashedAt {
  int32_t thread_id = 0;
  std::array<uint64_t, segment::kRegisters> registers{};
};

struct StandstillAsk {
  int pid = 0;
  std::optional<CrashedAt> crashed;  // comes first among the threads
  int64_t held_ns_max = 0;           // what has not been copied by then is missed
};

struct Standstill {
  std::vector<ThreadStack> threads;
  size_t missed = 0;  // threads whose stacks are not here
  std::string why;    // they are not; empty: all are
};

// Calls `gone_on` when the process may go on (or end), before names are looked up. Where threads
// cannot be held the crashed one is all that there is. The calling thread should end soon after.
Result<Standstill> stand_still(const StandstillAsk& ask, const std::function<void()>& gone_on);

}  // namespace outrigger::pprof
