#include "pprof/standstill.h"

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/clock.h"
#include "pprof/held_thread.h"
#include "pprof/task_list.h"
#include "pprof/unwinder.h"

namespace outrigger::pprof {
namespace {

using segment::Sample;

// Threads that are born while the others are stopped are found by another look.
constexpr int kLooksMax = 8;

class Stand {
 public:
  Stand(const StandstillAsk& ask, std::unique_ptr<Unwinder> unwinder)
      : ask_(ask),
        until_ns_(base::monotonic_ns() + ask.held_ns_max),
        unwinder_(std::move(unwinder)),
        sample_(std::make_unique<Sample>()) {}

  void hold();
  void copy();
  void let_go() { held_.clear(); }
  Standstill named();

 private:
  struct Raw {
    Task task;
    std::optional<FutexWait> wait;
    std::vector<uint64_t> addresses;
  };
  bool late() const { return base::monotonic_ns() > until_ns_; }
  bool look_for_threads();
  void copy_crashed();
  void unwind(Raw& raw);
  StackFrame frame_at(uint64_t address);

  const StandstillAsk& ask_;
  const int64_t until_ns_;
  const std::unique_ptr<Unwinder> unwinder_;
  const std::unique_ptr<Sample> sample_;
  std::vector<Task> tasks_;
  std::vector<std::optional<FutexWait>> waits_;
  std::vector<HeldThread> held_;  // by task
  std::vector<Raw> raws_;
  std::unordered_map<uint64_t, StackFrame> frames_;
  std::string why_;
};

// What /proc/PID/task/TID/syscall says: "202 0x7ffe… 0x80 …", a number and arguments while the thread
// sleeps in the kernel.
std::optional<FutexWait> futex_wait_of(int pid, const Task& task) {
  const std::string text = task_file(pid, task.id, "syscall");
  long number = 0;
  unsigned long long at = 0;
  if (sscanf(text.c_str(), "%ld 0x%llx", &number, &at) != 2 || number != SYS_futex) return {};
  return FutexWait{at, 0};
}

// glibc's pthread_mutex_t begins with the lock's word, a count, and the number of the thread that
// owns it (sysdeps/nptl/bits/struct_mutex.h). Only what is a thread of the process is believed.
int32_t owner_of(int pid, uint64_t mutex, const std::vector<Task>& tasks) {
  struct {
    int32_t lock;
    uint32_t count;
    int32_t owner;
  } head{};
  const iovec to{&head, sizeof(head)};
  const iovec from{reinterpret_cast<void*>(mutex), sizeof(head)};
  if (process_vm_readv(pid, &to, 1, &from, 1, 0) != static_cast<ssize_t>(sizeof(head))) return 0;
  const bool known = std::ranges::any_of(tasks, [&](const Task& t) { return t.id == head.owner; });
  return known && head.lock != 0 ? head.owner : 0;
}

bool Stand::look_for_threads() {
  bool any = false;
  for (Task& task : tasks_of(ask_.pid)) {
    if (std::ranges::any_of(tasks_, [&](const Task& known) { return known.id == task.id; }))
      continue;
    any = true;
    waits_.push_back(futex_wait_of(ask_.pid, task));
    held_.emplace_back(task.id);
    tasks_.push_back(std::move(task));
    if (late()) break;
  }
  return any;
}

void Stand::hold() {
  if (ask_.pid == getpid()) {
    why_ = "the keeper is a thread of the service, and holds no others";
    return;
  }
  for (int look = 0; look < kLooksMax && !late() && look_for_threads(); ++look) {
  }
  // All are coming to a stop at once, so that one which waits for a device costs the others nothing
  // but this; what is left of the time is for copying.
  const int64_t stopped_by_ns = until_ns_ - ask_.held_ns_max / 3;
  for (HeldThread& each : held_) each.wait(stopped_by_ns);
}

// A call of a null pointer, or of what is no code: the return address lies on the stack, or in the
// link register.
void step_out_of_nowhere(Sample& sample) {
#if defined(__x86_64__)
  uint64_t& stack = sample.registers[segment::kStackRegister];
  uint64_t caller = 0;
  if (!sample.read(stack, caller)) return;
  stack += sizeof(caller);
#elif defined(__aarch64__)
  const uint64_t caller = sample.registers[30];
#endif
  sample.registers[segment::kPcRegister] = caller - 1;
}

void Stand::unwind(Raw& raw) {
  const uint64_t pc = sample_->registers[segment::kPcRegister];
  const bool nowhere = unwinder_->module_at(pc) == nullptr;
  if (nowhere) step_out_of_nowhere(*sample_);
  unwinder_->unwind(*sample_, raw.addresses);
  if (nowhere) raw.addresses.insert(raw.addresses.begin(), pc);
}

void Stand::copy_crashed() {
  Raw raw;
  raw.task.id = ask_.crashed->thread_id;
  raw.task.name = task_name(ask_.pid, raw.task.id);
  raw.task.state = "crashed";
  sample_->kind = segment::SampleKind::kStack;
  sample_->thread_id = raw.task.id;
  sample_->registers = ask_.crashed->registers;
  copy_stack_at(ask_.pid, *sample_);
  unwind(raw);
  raws_.push_back(std::move(raw));
}

void Stand::copy() {
  if (ask_.crashed) copy_crashed();
  for (size_t i = 0; i < tasks_.size(); ++i) {
    if (ask_.crashed && tasks_[i].id == ask_.crashed->thread_id) continue;
    if (late()) {
      why_ = "there was no time for more";
      break;
    }
    if (held_[i].error() != 0 || !held_[i].copy(ask_.pid, *sample_)) {
      why_ = strerrordesc_np(held_[i].error());
      continue;
    }
    Raw raw{tasks_[i], waits_[i], {}};
    if (raw.wait) raw.wait->owner = owner_of(ask_.pid, raw.wait->word_at, tasks_);
    unwind(raw);
    raws_.push_back(std::move(raw));
  }
}

StackFrame Stand::frame_at(uint64_t address) {
  const auto [at, is_new] = frames_.try_emplace(address);
  StackFrame& frame = at->second;
  if (!is_new) return frame;
  Function function = unwinder_->function_at(address);
  frame.address = address;
  frame.function = std::move(function.name);
  frame.offset = address - function.begin;
  // The innermost of what was inlined there has the line of the address itself.
  const std::vector<Frame> shown = unwinder_->frames_at(address);
  if (shown.empty() || shown.front().line.file.empty()) return frame;
  const SourceLine& line = shown.front().line;
  frame.source = line.file.substr(line.file.rfind('/') + 1) + ":" + std::to_string(line.line);
  return frame;
}

Standstill Stand::named() {
  Standstill found;
  for (Raw& raw : raws_) {
    ThreadStack stack{
        raw.task.id, std::move(raw.task.name), std::move(raw.task.state), raw.wait, {}};
    for (const uint64_t address : raw.addresses) stack.frames.push_back(frame_at(address));
    found.threads.push_back(std::move(stack));
  }
  found.missed = tasks_.size() > raws_.size() ? tasks_.size() - raws_.size() : 0;
  found.why = std::move(why_);
  return found;
}

}  // namespace

Result<Standstill> stand_still(const StandstillAsk& ask, const std::function<void()>& gone_on) {
  auto unwinder = Unwinder::of_process(ask.pid);
  if (!unwinder.ok()) {
    gone_on();
    return unwinder.error();
  }
  Stand stand(ask, std::move(*unwinder));
  stand.hold();
  stand.copy();
  stand.let_go();
  gone_on();
  return stand.named();
}

}  // namespace outrigger::pprof
