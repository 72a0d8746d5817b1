// A thread's registers as a signal handler is given them, in the order of samples.h.
#pragma once

#include <ucontext.h>

#include <cstddef>
#include <cstdint>

#include "segment/samples.h"

namespace outrigger::segment {

// Async-signal-safe.
#if defined(__x86_64__)
inline void copy_registers(const ucontext_t& context, uint64_t (&to)[kRegisters]) {
  constexpr int kOrder[kRegisters] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
                                      REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                      REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
  for (size_t i = 0; i < kRegisters; ++i)
    to[i] = static_cast<uint64_t>(context.uc_mcontext.gregs[kOrder[i]]);
}
#elif defined(__aarch64__)
inline void copy_registers(const ucontext_t& context, uint64_t (&to)[kRegisters]) {
  for (size_t i = 0; i < 31; ++i) to[i] = context.uc_mcontext.regs[i];
  to[kStackRegister] = context.uc_mcontext.sp;
  to[kPcRegister] = context.uc_mcontext.pc;
}
#endif

}  // namespace outrigger::segment
