// A thread of another process, held by ptrace: while it stands still its registers and the top of
// its stack can be copied. To be used by one thread alone, which should end soon after: the kernel
// then lets go of whatever is held still.
#pragma once

#include <array>
#include <cstdint>

#include "segment/sample_reader.h"

namespace outrigger::pprof {

class HeldThread {
 public:
  // Asks it to stop. error() is 0 when it will.
  explicit HeldThread(int32_t thread_id);
  // Lets go of it.
  ~HeldThread();
  HeldThread(HeldThread&& other) noexcept;
  HeldThread& operator=(HeldThread&&) = delete;

  int32_t id() const { return id_; }
  // errno of the last step; ETIMEDOUT for one that did not come to a stop.
  int error() const { return error_; }

  // Until it stands still. False when it does not by then (base::monotonic_ns()), or has ended.
  bool wait(int64_t until_ns);
  // After wait(). `pid`: its process.
  bool copy(int pid, segment::Sample& sample);

 private:
  int32_t id_;
  int error_ = 0;
  bool seized_ = false;
  int status_ = -1;  // waitpid's, once it stands still
};

// The stack above the stack register of `sample`, whose registers are known already, out of the
// memory of a process that stands still.
void copy_stack_at(int pid, segment::Sample& sample);

struct Held {
  int error = 0;        // errno; 0: `sample` holds the stack
  int64_t held_ns = 0;  // how long the thread stood still
};
// One thread, held for as long as that takes; a tenth of a second to come to a stop.
Held copy_stack_of(int pid, int32_t thread_id, segment::Sample& sample);

}  // namespace outrigger::pprof
