#include "profile/alternate_stack.h"

#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include <algorithm>

#include "profile/process.h"

namespace outrigger::profile {
namespace {

// Enough for a handler of the program's own that is chained, behind the frame that the kernel lays
// down: that one grows with the processor's registers.
constexpr size_t kBytes = 64u << 10;

size_t stack_bytes() {
  static const size_t bytes = std::max<size_t>(kBytes, getauxval(AT_MINSIGSTKSZ) + kBytes / 2);
  return bytes;
}

alignas(16) char g_main_stack[kBytes];

bool has_one() {
  stack_t now{};
  return sigaltstack(nullptr, &now) != 0 || (now.ss_flags & SS_DISABLE) == 0;
}

void use(void* memory, size_t bytes) {
  stack_t stack{};
  stack.ss_sp = memory;
  stack.ss_size = bytes;
  sigaltstack(&stack, nullptr);
}

}  // namespace

AlternateStack::AlternateStack() {
  if (!g_process.view) return;  // no service: its crashes are not reported
  void* const memory = mmap(nullptr, stack_bytes(), PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) return;
  memory_ = memory;
  use(memory_, stack_bytes());
}

AlternateStack::~AlternateStack() {
  if (memory_ == nullptr) return;
  stack_t now{};
  if (sigaltstack(nullptr, &now) == 0 && now.ss_sp == memory_) {
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    sigaltstack(&none, nullptr);
  }
  munmap(memory_, stack_bytes());
}

void main_stack_has_alternate() {
  if (!has_one()) use(g_main_stack, sizeof(g_main_stack));
}

}  // namespace outrigger::profile
