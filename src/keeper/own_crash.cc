#include "keeper/own_crash.h"

#include <link.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <stdexcept>
#include <utility>

#include "base/threads.h"
#include "keeper/stack_text.h"
#include "pprof/unwinder.h"
#include "segment/registers.h"

extern "C" {
// Where this file lies in memory: the linker knows it in every form of one.
[[gnu::visibility("hidden")]] extern const char __ehdr_start[];
[[gnu::weak]] void __asan_init();
[[gnu::weak]] void __tsan_init();
}

namespace outrigger::keeper {
namespace {

constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
#if defined(__x86_64__)
constexpr uint64_t kRedZone = 128;
#else
constexpr uint64_t kRedZone = 0;
#endif
constexpr size_t kStackTextMax = 12u << 10;
constexpr size_t kTraceMax = 2u << 10;

KeeperCrash* g_left = nullptr;  // set before the handlers are
std::atomic<bool> g_crashing{false};

uint64_t image_begin() { return reinterpret_cast<uintptr_t>(__ehdr_start); }

// All signals are blocked: a fault in here ends the process at once, without a report.
void on_crash(int signal, siginfo_t* info, void* context) {
  if (!g_crashing.exchange(true)) {
    KeeperCrash& left = *g_left;
    left.signal = signal;
    left.code = info->si_code;
    left.address = info->si_code > 0 ? reinterpret_cast<uintptr_t>(info->si_addr) : 0;
    left.thread_id = static_cast<int32_t>(syscall(SYS_gettid));
    left.image_begin = image_begin();
    segment::copy_registers(*static_cast<const ucontext_t*>(context), left.registers);
    left.stack_at = left.registers[segment::kStackRegister] - kRedZone;
    // By a system call, page by page: how much of it is mapped is not known.
    left.stack_bytes = 0;
    while (left.stack_bytes < KeeperCrash::kStackBytes) {
      const uint64_t from = left.stack_at + left.stack_bytes;
      const size_t piece = std::min<size_t>(segment::kPage - from % segment::kPage,
                                            KeeperCrash::kStackBytes - left.stack_bytes);
      iovec to{left.stack + left.stack_bytes, piece};
      iovec source{reinterpret_cast<void*>(from), piece};
      if (process_vm_readv(getpid(), &to, 1, &source, 1, 0) != static_cast<ssize_t>(piece)) break;
      left.stack_bytes += piece;
    }
    // Release: pairs with the successor's acquire.
    left.written.store(1, std::memory_order_release);
  }
  struct sigaction by_default = {};
  by_default.sa_handler = SIG_DFL;
  sigaction(signal, &by_default, nullptr);
  // A fault comes again when this returns; a signal that was sent has to be sent again.
  if (info->si_code <= 0) syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), signal);
}

// The file's bytes in memory, from its begin on.
uint64_t image_size() {
  struct Search {
    uint64_t begin;
    uint64_t size;
  } search{image_begin(), 0};
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* found) {
        auto& search = *static_cast<Search*>(found);
        bool own = false;
        uint64_t end = 0;
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const ElfW(Phdr)& part = info->dlpi_phdr[i];
          if (part.p_type != PT_LOAD) continue;
          const uint64_t begin = info->dlpi_addr + part.p_vaddr;
          own = own || (search.begin >= begin && search.begin < begin + part.p_memsz);
          end = std::max(end, begin + part.p_memsz);
        }
        if (own) search.size = end - search.begin;
        return own ? 1 : 0;
      },
      &search);
  return search.size;
}

// A number that points into the file where that lay, where the file lies now.
void move(uint64_t& word, uint64_t from, uint64_t size, uint64_t to) {
  if (word - from < size) word = word - from + to;
}

pprof::ThreadStack named(const segment::Sample& sample) {
  pprof::ThreadStack stack;
  stack.id = sample.thread_id;
  auto unwinder = pprof::Unwinder::of_process(getpid());
  if (!unwinder) throw std::runtime_error(unwinder.error().message);
  std::vector<uint64_t> addresses;
  (*unwinder)->unwind(sample, addresses);
  for (const uint64_t address : addresses) {
    pprof::Function function = (*unwinder)->function_at(address);
    stack.frames.push_back({address, std::move(function.name), address - function.begin, {}});
  }
  return stack;
}

}  // namespace

void watch_own_crashes(Spool& spool) {
  if (&__asan_init != nullptr || &__tsan_init != nullptr) return;
  g_left = &keeper_crash(spool);
  struct sigaction action = {};
  action.sa_sigaction = on_crash;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigfillset(&action.sa_mask);
  for (const int signal : kSignals) sigaction(signal, &action, nullptr);
}

std::optional<Crash> OwnCrashReport::take(Spool& spool, segment::Sample& sample) {
  KeeperCrash& left = keeper_crash(spool);
  // Acquire: pairs with the handler's release.
  if (left.written.load(std::memory_order_acquire) != 1) return std::nullopt;
  const uint64_t here = image_begin();
  const uint64_t size = image_size();
  Crash crash;
  crash.signal = left.signal;
  crash.code = left.code;
  crash.address = left.address;
  crash.at.thread_id = sample.thread_id = left.thread_id;
  std::copy(std::begin(left.registers), std::end(left.registers), crash.at.registers.begin());
  sample.kind = segment::SampleKind::kStack;
  sample.registers = crash.at.registers;
  for (uint64_t& each : sample.registers) move(each, left.image_begin, size, here);
  sample.stack_at = left.stack_at;
  sample.stack_bytes =
      static_cast<uint32_t>(std::min<uint64_t>(left.stack_bytes, KeeperCrash::kStackBytes));
  memcpy(sample.stack.data(), left.stack, sample.stack_bytes);
  // Words lie at multiples of their size, and the copy may not begin at one.
  const uint64_t misaligned = sample.stack_at % sizeof(uint64_t);
  for (uint64_t at = misaligned == 0 ? 0 : sizeof(uint64_t) - misaligned;
       at + sizeof(uint64_t) <= sample.stack_bytes; at += sizeof(uint64_t)) {
    uint64_t word;
    memcpy(&word, sample.stack.data() + at, sizeof word);
    move(word, left.image_begin, size, here);
    memcpy(sample.stack.data() + at, &word, sizeof word);
  }
  left.written.store(0, std::memory_order_relaxed);
  return crash;
}

OwnCrashReport::OwnCrashReport(Spool& spool) {
  auto sample = std::make_unique<segment::Sample>();
  crash_ = take(spool, *sample);
  if (!crash_) return;
  thread_ = base::start_thread("or-report", [this, sample = std::move(sample)] {
    try {
      stack_ = named(*sample);
    } catch (const std::exception& thrown) {
      why_ = thrown.what();
    }
    done_.store(true, std::memory_order_release);
  });
}

OwnCrashReport::~OwnCrashReport() {
  if (thread_.joinable()) thread_.join();
}

void OwnCrashReport::make_entry(render::MadeRecord& made, uint32_t level) {
  told_ = true;
  const auto cut = [](std::string text, size_t most) {
    if (text.size() > most) text.resize(most);
    return text;
  };
  const std::string trace = cut(trace_of(stack_), kTraceMax);
  made.begin(level,
             "keeper crashed: {signal} at {address} in {trace}{code:.0}{function:.0}{stack:.0}"
             "{registers:.0}{missing:.0}",
             {});
  made.add(signal_name(crash_->signal));
  made.add(address_text(crash_->address));
  made.add(std::string_view(trace.empty() ? "an unknown place" : trace));
  made.add(code_text(crash_->signal, crash_->code));
  made.add(cut(culprit_of(stack_), kTraceMax));
  made.add(stack_text(stack_, kStackTextMax));
  made.add(registers_text(*crash_));
  made.add(why_);
}

}  // namespace outrigger::keeper
