#include "pprof/thread_stacks.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "base/clock.h"
#include "base/threads.h"
#include "pprof/held_thread.h"
#include "pprof/profile.h"
#include "pprof/task_list.h"

namespace outrigger::pprof {
namespace {

using segment::Sample;
using segment::SampleShare;

// How long the threads get to answer a signal; some may block it.
constexpr int64_t kSignalPatienceNs = 2 * base::kNsPerSecond;

class Stand {
 public:
  Stand(const Profiler::Parts& parts, std::unique_ptr<Unwinder> unwinder)
      : parts_(parts),
        unwinder_(std::move(unwinder)),
        tasks_(tasks_of(parts.service_pid)),
        sample_(std::make_unique<Sample>()) {}

  // False when ptrace is refused.
  bool by_ptrace();
  Result<void> by_signal(const std::function<void(const TakeStack&)>& drain);
  Result<std::string> answer(Form form);

 private:
  void add(const Sample& sample);
  const Task* task(int32_t thread_id) const;

  const Profiler::Parts parts_;
  const std::unique_ptr<Unwinder> unwinder_;
  const std::vector<Task> tasks_;
  std::unique_ptr<Sample> sample_;
  std::vector<uint64_t> addresses_;
  Stacks stacks_;
  std::vector<Labels> labels_;
  std::string manner_;
  size_t missed_ = 0;
};

const Task* Stand::task(int32_t thread_id) const {
  for (const Task& each : tasks_)
    if (each.id == thread_id) return &each;
  return nullptr;
}

void Stand::add(const Sample& sample) {
  unwinder_->unwind(sample, addresses_);
  const Task* const known = task(sample.thread_id);
  labels_.push_back(
      {{"thread", (known != nullptr ? known->name : "?") + " (" + std::to_string(sample.thread_id) +
                      ", " + (known != nullptr ? known->state : "unknown") + ")"}});
  stacks_.add(addresses_, static_cast<uint32_t>(labels_.size() - 1), {1});
}

bool Stand::by_ptrace() {
  if (parts_.service_pid == getpid()) {
    manner_ = "by signal, since the keeper is a thread of the service";
    return false;
  }
  int64_t held_max_ns = 0;
  for (const Task& each : tasks_) {
    const Held held = copy_stack_of(parts_.service_pid, each.id, *sample_);
    held_max_ns = std::max(held_max_ns, held.held_ns);
    if (held.error == EPERM || held.error == ENOSYS || held.error == EACCES) {
      stacks_ = Stacks();
      labels_.clear();
      manner_ = std::string("by signal, since ptrace is refused here (") +
                strerrordesc_np(held.error) + "); a thread that waits in the kernel may see EINTR";
      return false;
    }
    if (held.error != 0) {
      ++missed_;  // ended meanwhile, or cannot be stopped
      continue;
    }
    add(*sample_);
  }
  char text[80];
  snprintf(text, sizeof(text), "by ptrace, each held for %.1f ms at most",
           static_cast<double>(held_max_ns) / 1e6);
  manner_ = text;
  return true;
}

Result<void> Stand::by_signal(const std::function<void(const TakeStack&)>& drain) {
  SampleShare& share = segment::samples(parts_.view);
  share.stacks.fetch_add(1, std::memory_order_relaxed);
  // Release: pairs with the control thread's acquire.
  const uint32_t asked = share.asked.fetch_add(1, std::memory_order_release) + 1;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t rung = write(parts_.service_bell, &one, sizeof(one));
  const int64_t until_ns = base::monotonic_ns() + kSignalPatienceNs;
  uint32_t got = 0;
  bool applied = false;
  while (base::monotonic_ns() < until_ns) {
    drain([&](const Sample& sample) {
      if (got >= kTasksMax) return;
      ++got;
      add(sample);
    });
    applied = share.applied.load(std::memory_order_acquire) == asked;
    if (applied && got >= share.stacks_sent.load(std::memory_order_relaxed)) break;
    const timespec moment{0, 1'000'000};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, nullptr);
  }
  if (!applied && got == 0) {
    return Error{ErrorKind::kUnavailable,
                 "the stacks cannot be taken: ptrace is refused, and the service, which would have "
                 "to help, is stopped or not at run() yet",
                 {}};
  }
  if (share.refusal.load(std::memory_order_relaxed) ==
      static_cast<uint32_t>(segment::SampleRefusal::kSignalTaken)) {
    return Error{ErrorKind::kUnavailable,
                 "the stacks cannot be taken: ptrace is refused, and the program handles SIGPROF "
                 "itself",
                 {}};
  }
  missed_ = tasks_.size() > got ? tasks_.size() - got : 0;
  return {};
}

Result<std::string> Stand::answer(Form form) {
  ProfileHead head;
  head.values = {{"threads", "count"}};
  head.period_type = {"threads", "count"};
  head.period = 1;
  head.time_ns = base::real_ns();
  head.labels = labels_;
  head.comments.push_back(std::to_string(labels_.size()) + " threads, taken " + manner_);
  if (missed_ != 0)
    head.comments.push_back(std::to_string(missed_) + " threads ended meanwhile or did not answer");
  std::string out =
      form == Form::kText ? as_text(head, stacks_, *unwinder_) : encode(head, stacks_, *unwinder_);
  if (out.empty()) return failed("no memory for the stacks");
  return out;
}

}  // namespace

Result<std::string> take_thread_stacks(const Profiler::Parts& parts, Form form,
                                       const std::function<void(const TakeStack&)>& drain) {
  auto unwinder = Unwinder::of_process(parts.service_pid);
  if (!unwinder.ok()) return unwinder.error();
  Stand stand(parts, std::move(*unwinder));
  bool done = false;
  // A thread of its own: its end lets go of whatever could not be let go of before.
  base::start_thread("or-stacks", [&] { done = stand.by_ptrace(); }).join();
  if (!done) {
    if (Result<void> sent = stand.by_signal(drain); !sent.ok()) return sent.error();
  }
  return stand.answer(form);
}

}  // namespace outrigger::pprof
