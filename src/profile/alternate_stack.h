// A stack for signal handlers, so that the overflow of a thread's own can be reported. Its pages
// cost nothing until one is used.
#pragma once

namespace outrigger::profile {

// For the calling thread, while this lives. A stack that the thread has already, or gets later,
// wins.
class AlternateStack {
 public:
  AlternateStack();
  ~AlternateStack();
  AlternateStack(const AlternateStack&) = delete;
  AlternateStack& operator=(const AlternateStack&) = delete;

 private:
  void* memory_ = nullptr;
};

// The same for the main thread, for good.
void main_stack_has_alternate();

}  // namespace outrigger::profile
