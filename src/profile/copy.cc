#include "profile/copy.h"

#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>

namespace outrigger::profile {
namespace {

using segment::kPage;
using segment::kStackBytesMax;
using segment::SampleHeader;
using segment::SampleShare;
using segment::SampleState;

#if defined(__x86_64__)
constexpr size_t kRedZone = 128;  // below the stack pointer a leaf function may keep something

void copy_registers(const ucontext_t& context, uint64_t (&to)[segment::kRegisters]) {
  constexpr int kOrder[segment::kRegisters] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
                                               REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                               REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
  for (size_t i = 0; i < segment::kRegisters; ++i)
    to[i] = static_cast<uint64_t>(context.uc_mcontext.gregs[kOrder[i]]);
}
#elif defined(__aarch64__)
constexpr size_t kRedZone = 0;

void copy_registers(const ucontext_t& context, uint64_t (&to)[segment::kRegisters]) {
  for (size_t i = 0; i < 31; ++i) to[i] = context.uc_mcontext.regs[i];
  to[segment::kStackRegister] = context.uc_mcontext.sp;
  to[segment::kPcRegister] = context.uc_mcontext.pc;
}
#endif

// The C library puts a thread's own data right above its stack, the kernel the arguments above the
// main thread's: beyond lies nothing of interest.
size_t bytes_above(uintptr_t from, uintptr_t main_top) {
  const auto own_data = reinterpret_cast<uintptr_t>(__builtin_thread_pointer());
  size_t bytes = kStackBytesMax;
  if (own_data > from) bytes = std::min(bytes, own_data - from);
  if (main_top > from) bytes = std::min(bytes, main_top - from);
  return bytes;
}

// Copies what is mapped of [from, from + bytes); page by page, since that is how much the kernel
// may give when not all of it is there.
ssize_t read_stack(pid_t pid, char* to, uintptr_t from, size_t bytes) {
  iovec pages[kStackBytesMax / kPage + 1];
  size_t count = 0;
  for (size_t done = 0; done < bytes;) {
    const size_t piece = std::min(bytes - done, kPage - (from + done) % kPage);
    pages[count++] = {reinterpret_cast<void*>(from + done), piece};
    done += piece;
  }
  const iovec into{to, bytes};
  return process_vm_readv(pid, &into, 1, pages, count, 0);
}

char* take_cell(SampleShare& share, segment::View view, size_t& index) {
  for (index = 0; index < segment::kSampleCells; ++index) {
    auto free = static_cast<uint32_t>(SampleState::kFree);
    if (share.states[index].load(std::memory_order_relaxed) != free) continue;
    // Acquire: pairs with the keeper's release; it has copied what was there.
    if (share.states[index].compare_exchange_strong(
            free, static_cast<uint32_t>(SampleState::kWriting), std::memory_order_acquire,
            std::memory_order_relaxed))
      return sample_cell(view, index);
  }
  return nullptr;
}

}  // namespace

bool copy_sample(const Copy& copy, const void* context) {
  SampleShare& share = segment::samples(copy.view);
  size_t index = 0;
  char* const cell = take_cell(share, copy.view, index);
  if (cell == nullptr) {
    share.dropped.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  SampleHeader header;
  header.kind = static_cast<uint32_t>(copy.kind);
  header.thread_id = static_cast<int32_t>(syscall(SYS_gettid));
  header.asked = share.applied.load(std::memory_order_relaxed);
  header.weight_ns = copy.weight_ns;
  header.bytes = copy.bytes;
  header.weight_bytes = copy.weight_bytes;
  header.heap_index = copy.heap_index;
  header.heap_generation = copy.heap_generation;
  copy_registers(*static_cast<const ucontext_t*>(context), header.registers);
  header.stack_at = header.registers[segment::kStackRegister] - kRedZone;
  const ssize_t bytes = read_stack(copy.pid, cell + segment::kSampleStackAt, header.stack_at,
                                   bytes_above(header.stack_at, copy.main_top));
  header.stack_bytes = bytes > 0 ? static_cast<uint32_t>(bytes) : 0;
  if (bytes <= 0) share.unreadable.fetch_add(1, std::memory_order_relaxed);
  memcpy(cell, &header, sizeof(header));
  // Release: pairs with the keeper's acquire; the cell is complete.
  share.states[index].store(static_cast<uint32_t>(SampleState::kFull), std::memory_order_release);
  share.taken.fetch_add(1, std::memory_order_release);
  return true;
}

}  // namespace outrigger::profile
