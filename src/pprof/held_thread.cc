#include "pprof/held_thread.h"

#include <elf.h>
#include <errno.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>

#include <algorithm>

#include "base/clock.h"

namespace outrigger::pprof {
namespace {

using segment::kPage;
using segment::kStackBytesMax;
using segment::Sample;

// A thread that waits for a device cannot be stopped; the others come to it in microseconds, on a
// machine that has a processor for them.
constexpr int64_t kStopPatienceNs = 100 * base::kNsPerMs;
// How far below its stack an overflow may have come in one step.
constexpr size_t kGuardPagesMax = 256;

#if defined(__x86_64__)
constexpr uint64_t kRedZone = 128;
using Registers = user_regs_struct;

void copy_registers(const Registers& from, Sample& to) {
  to.registers = {from.rax, from.rdx, from.rcx, from.rbx, from.rsi, from.rdi,
                  from.rbp, from.rsp, from.r8,  from.r9,  from.r10, from.r11,
                  from.r12, from.r13, from.r14, from.r15, from.rip};
}
#elif defined(__aarch64__)
constexpr uint64_t kRedZone = 0;
using Registers = user_regs_struct;

void copy_registers(const Registers& from, Sample& to) {
  for (size_t i = 0; i < 31; ++i) to.registers[i] = from.regs[i];
  to.registers[segment::kStackRegister] = from.sp;
  to.registers[segment::kPcRegister] = from.pc;
}
#endif

// waitpid's status once the thread stands still; -1 when it does not by then.
int wait_until_stopped(int32_t thread_id, int64_t until_ns) {
  for (;;) {
    int status = 0;
    const pid_t found = waitpid(thread_id, &status, __WALL | WNOHANG);
    if (found == thread_id) return WIFSTOPPED(status) ? status : -1;
    if (found < 0 && errno != EINTR) return -1;
    if (base::monotonic_ns() > until_ns) return -1;
    const timespec moment{0, 20'000};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, nullptr);
  }
}

// Page by page: the kernel gives whole elements of the list only.
uint32_t read_stack(int pid, uint64_t from, char* to) {
  iovec pages[kStackBytesMax / kPage + 1];
  size_t count = 0;
  for (size_t done = 0; done < kStackBytesMax;) {
    const size_t piece = std::min<size_t>(kStackBytesMax - done, kPage - (from + done) % kPage);
    pages[count++] = {reinterpret_cast<void*>(from + done), piece};
    done += piece;
  }
  const iovec into{to, kStackBytesMax};
  const ssize_t bytes = process_vm_readv(pid, &into, 1, pages, count, 0);
  return bytes > 0 ? static_cast<uint32_t>(bytes) : 0;
}

}  // namespace

HeldThread::HeldThread(int32_t thread_id) : id_(thread_id) {
  seized_ = ptrace(PTRACE_SEIZE, id_, nullptr, nullptr) == 0;
  if (!seized_ || ptrace(PTRACE_INTERRUPT, id_, nullptr, nullptr) != 0) error_ = errno;
}

HeldThread::HeldThread(HeldThread&& other) noexcept
    : id_(other.id_), error_(other.error_), seized_(other.seized_), status_(other.status_) {
  other.seized_ = false;
}

HeldThread::~HeldThread() {
  if (!seized_ || status_ < 0) return;  // the end of this thread lets go of it
  // Stopped by a signal that was on its way to it: it is passed on.
  const bool by_signal = status_ >> 16 == 0;
  const auto signal = static_cast<uintptr_t>(by_signal ? WSTOPSIG(status_) : 0);
  ptrace(PTRACE_DETACH, id_, nullptr, reinterpret_cast<void*>(signal));
}

bool HeldThread::wait(int64_t until_ns) {
  if (error_ != 0) return false;
  status_ = wait_until_stopped(id_, until_ns);
  if (status_ < 0) error_ = ETIMEDOUT;
  return status_ >= 0;
}

bool HeldThread::copy(int pid, Sample& sample) {
  sample.kind = segment::SampleKind::kStack;
  sample.thread_id = id_;
  sample.stack_bytes = 0;
  Registers registers{};
  iovec into{&registers, sizeof(registers)};
  if (ptrace(PTRACE_GETREGSET, id_, NT_PRSTATUS, &into) != 0) {
    error_ = errno;
    return false;
  }
  copy_registers(registers, sample);
  copy_stack_at(pid, sample);
  return true;
}

void copy_stack_at(int pid, Sample& sample) {
  sample.stack_at = sample.registers[segment::kStackRegister] - kRedZone;
  sample.stack_bytes = read_stack(pid, sample.stack_at, sample.stack.data());
  // After an overflow the register points into the guard, or below: the stack begins above it.
  for (size_t page = 0; page < kGuardPagesMax && sample.stack_bytes == 0; ++page) {
    sample.stack_at = (sample.stack_at / kPage + 1) * kPage;
    sample.stack_bytes = read_stack(pid, sample.stack_at, sample.stack.data());
  }
}

Held copy_stack_of(int pid, int32_t thread_id, Sample& sample) {
  Held held;
  const int64_t begin_ns = base::monotonic_ns();
  {
    HeldThread thread(thread_id);
    if (thread.wait(begin_ns + kStopPatienceNs)) thread.copy(pid, sample);
    held.error = thread.error();
  }
  held.held_ns = base::monotonic_ns() - begin_ns;
  return held;
}

}  // namespace outrigger::pprof
