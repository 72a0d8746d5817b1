#include "profile/copy.h"

#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>

#include "profile/labels.h"
#include "profile/process.h"
#include "segment/registers.h"

namespace outrigger::profile {
namespace {

using segment::kPage;
using segment::kStackBytesMax;
using segment::SampleHeader;
using segment::SampleShare;
using segment::SampleState;

#if defined(__x86_64__)
constexpr size_t kRedZone = 128;  // below the stack pointer a leaf function may keep something

// What a function keeps for its caller, and where it is itself: enough to unwind from a call.
[[gnu::always_inline]] inline void read_registers(uint64_t (&to)[segment::kRegisters]) {
  uint64_t pc, sp, rbp;
  asm volatile(
      "leaq 0(%%rip), %0\n\tmovq %%rsp, %1\n\tmovq %%rbp, %2\n\t"
      "movq %%rbx, 24(%3)\n\tmovq %%r12, 96(%3)\n\tmovq %%r13, 104(%3)\n\t"
      "movq %%r14, 112(%3)\n\tmovq %%r15, 120(%3)"
      : "=&r"(pc), "=&r"(sp), "=&r"(rbp)
      : "r"(to)
      : "memory");
  to[6] = rbp;
  to[segment::kStackRegister] = sp;
  to[segment::kPcRegister] = pc;
}
#elif defined(__aarch64__)
constexpr size_t kRedZone = 0;

[[gnu::always_inline]] inline void read_registers(uint64_t (&to)[segment::kRegisters]) {
  uint64_t pc, sp;
  asm volatile(
      "adr %0, .\n\tmov %1, sp\n\t"
      "stp x19, x20, [%2, #152]\n\tstp x21, x22, [%2, #168]\n\tstp x23, x24, [%2, #184]\n\t"
      "stp x25, x26, [%2, #200]\n\tstp x27, x28, [%2, #216]\n\tstp x29, x30, [%2, #232]"
      : "=&r"(pc), "=&r"(sp)
      : "r"(to)
      : "memory");
  to[segment::kStackRegister] = sp;
  to[segment::kPcRegister] = pc;
}
#endif

// The C library puts a thread's own data right above its stack, the kernel the arguments above the
// main thread's: beyond lies nothing of interest.
size_t bytes_above(uintptr_t from) {
  const auto own_data = reinterpret_cast<uintptr_t>(__builtin_thread_pointer());
  size_t bytes = kStackBytesMax;
  if (own_data > from) bytes = std::min(bytes, own_data - from);
  if (g_process.main_top > from) bytes = std::min(bytes, g_process.main_top - from);
  return bytes;
}

// The kernel lets nothing else be mapped so far below the end of the main thread's stack
// (mmap_base() in its arch/*/mm/mmap.c: at least 128 MiB).
constexpr size_t kMainStackBytes = 64u << 20;

// What is mapped of the calling thread's own stack for certain, from wherever it stands on it.
struct OwnStack {
  int32_t thread_id;  // 0: not known yet
  size_t usable;      // below the thread's own data; 0: not known
  uintptr_t low;
  uintptr_t high;
};
constinit thread_local OwnStack t_stack{};

void find_own_stack() {
  t_stack.thread_id = static_cast<int32_t>(syscall(SYS_gettid));
  if (t_stack.thread_id == g_process.pid) {
    t_stack.high = g_process.main_top;
    t_stack.low = t_stack.high - kMainStackBytes;
  } else if (t_stack.usable != 0) {
    t_stack.high = reinterpret_cast<uintptr_t>(__builtin_thread_pointer());
    t_stack.low = t_stack.high - t_stack.usable;
  }
}

// Copies what is mapped of [from, from + bytes); page by page, since that is how much the kernel
// may give when not all of it is there.
ssize_t read_stack(char* to, uintptr_t from, size_t bytes) {
  iovec pages[kStackBytesMax / kPage + 1];
  size_t count = 0;
  for (size_t done = 0; done < bytes;) {
    const size_t piece = std::min(bytes - done, kPage - (from + done) % kPage);
    pages[count++] = {reinterpret_cast<void*>(from + done), piece};
    done += piece;
  }
  const iovec into{to, bytes};
  return process_vm_readv(g_process.pid, &into, 1, pages, count, 0);
}

char* take_cell(SampleShare& share, size_t& index) {
  for (index = 0; index < segment::kSampleCells; ++index) {
    auto free = static_cast<uint32_t>(SampleState::kFree);
    if (share.states[index].load(std::memory_order_relaxed) != free) continue;
    // Acquire: pairs with the keeper's release; it has copied what was there.
    if (share.states[index].compare_exchange_strong(
            free, static_cast<uint32_t>(SampleState::kWriting), std::memory_order_acquire,
            std::memory_order_relaxed))
      return sample_cell(g_process.view, index);
  }
  return nullptr;
}

// A cell that has been taken, its header and its stack's bytes; published by destruction.
class Cell {
 public:
  explicit Cell(const Copy& copy)
      : share_(segment::samples(g_process.view)), bytes_(take_cell(share_, index_)) {
    if (bytes_ == nullptr) return;
    header_.kind = static_cast<uint32_t>(copy.kind);
    header_.asked = share_.applied.load(std::memory_order_relaxed);
    header_.weight_ns = copy.weight_ns;
    header_.bytes = copy.bytes;
    header_.weight_bytes = copy.weight_bytes;
    header_.heap_index = copy.heap_index;
    header_.heap_generation = copy.heap_generation;
    header_.wait = static_cast<uint32_t>(copy.wait);
    header_.wait_count = copy.wait_count;
    header_.label_bytes = copy_labels(bytes_ + segment::kSampleLabelsAt);
  }
  ~Cell() {
    if (bytes_ == nullptr) return;
    memcpy(bytes_, &header_, sizeof(header_));
    // Release: pairs with the keeper's acquire; the cell is complete.
    share_.states[index_].store(static_cast<uint32_t>(SampleState::kFull),
                                std::memory_order_release);
    share_.taken.fetch_add(1, std::memory_order_release);
  }
  Cell(const Cell&) = delete;
  Cell& operator=(const Cell&) = delete;

  explicit operator bool() const { return bytes_ != nullptr; }
  SampleHeader& header() { return header_; }
  char* stack() const { return bytes_ + segment::kSampleStackAt; }
  // By a system call, whatever is mapped of it.
  void read_stack() {
    const ssize_t bytes =
        profile::read_stack(stack(), header_.stack_at, bytes_above(header_.stack_at));
    header_.stack_bytes = bytes > 0 ? static_cast<uint32_t>(bytes) : 0;
    if (bytes <= 0) share_.unreadable.fetch_add(1, std::memory_order_relaxed);
  }

 private:
  SampleShare& share_;
  size_t index_ = 0;
  char* const bytes_;
  SampleHeader header_{};
};

}  // namespace

bool copy_sample(const Copy& copy, const void* context) {
  Cell cell(copy);
  if (!cell) return false;
  SampleHeader& header = cell.header();
  header.thread_id = static_cast<int32_t>(syscall(SYS_gettid));
  segment::copy_registers(*static_cast<const ucontext_t*>(context), header.registers);
  header.stack_at = header.registers[segment::kStackRegister] - kRedZone;
  cell.read_stack();
  return true;
}

#ifdef __SANITIZE_ADDRESS__
constexpr bool kKernelReads = true;  // between the variables are places that nobody may read
#else
constexpr bool kKernelReads = false;
#endif

[[gnu::noinline]] bool copy_own_stack(const Copy& copy) {
  if (t_stack.thread_id == 0) find_own_stack();
  Cell cell(copy);
  if (!cell) return false;
  SampleHeader& header = cell.header();
  header.thread_id = t_stack.thread_id;
  read_registers(header.registers);
  header.stack_at = header.registers[segment::kStackRegister];
  if (kKernelReads || header.stack_at < t_stack.low || header.stack_at >= t_stack.high) {
    cell.read_stack();  // on a fiber's, or one that nobody told of
    return true;
  }
  header.stack_bytes =
      static_cast<uint32_t>(std::min<size_t>(t_stack.high - header.stack_at, kStackBytesMax));
  memcpy(cell.stack(), reinterpret_cast<const void*>(header.stack_at), header.stack_bytes);
  return true;
}

void tell_own_stack(size_t usable) { t_stack.usable = usable; }

}  // namespace outrigger::profile
