// The loop's beginning: from nothing to a crew of two.
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/handed_sockets.h"
#include "supervisor/channel.h"
#include "supervisor/confine.h"
#include "supervisor/crew.h"
#include "supervisor/loop.h"
#include "supervisor/signals.h"

namespace outrigger::supervisor {

using segment::Role;
using segment::RoleCard;
using segment::Word;

namespace {

// Closes every descriptor from 3 on that is not among `kept`, as far as the kernel can do it in a
// few calls.
void close_all_but(int* kept, size_t count) {
  std::sort(kept, kept + count);
  unsigned first = STDERR_FILENO + 1;
  for (size_t i = 0; i < count; ++i) {
    if (kept[i] < static_cast<int>(first)) continue;
    const unsigned next = static_cast<unsigned>(kept[i]);
    if (next > first) syscall(SYS_close_range, first, next - 1, 0);
    first = next + 1;
  }
  syscall(SYS_close_range, first, ~0U, 0);
}

}  // namespace

Loop::Loop(const Invocation& invocation, const sigset_t& signal_mask)
    : invocation_(invocation),
      name_(base::base_name(invocation.argv[0])),
      signal_mask_(mask_of(signal_mask)),
      environment_(invocation.environment) {}

bool Loop::start() {
  if (access("/proc/self/exe", F_OK) != 0) {
    report("/proc is missing: mount it, or start with --in-process");
    return false;
  }
  Failure failure;
  if (!environment_ || !make_shared_things(shared_, failure)) {
    report(environment_ ? failure.why : "no memory to start with");
    return false;
  }
  // The first keeper finds its port open, as a later one does.
  const base::HandedSockets handed = base::HandedSockets::own();
  for (const int fd : handed.admin())
    listeners_.keep(base::Fd(fcntl(fd, F_DUPFD_CLOEXEC, base::kHandedFirst)));
  const sigset_t taken = taken_signals();
  signals_.reset(signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_) {
    report("cannot make a descriptor for signals");
    return false;
  }
  now_ns_ = keeper_beat_at_ns_ = base::monotonic_ns();
  watchdog_at_ns_ = notifier_.watchdog_interval_ns() == 0 ? 0 : now_ns_;
  shared_.view.supervision().supervisor_pid.store(getpid(), std::memory_order_relaxed);
  if (!spawn_service()) {
    cannot_spawn("service");
    return false;
  }
  if (!spawn_keeper()) {
    cannot_spawn("keeper");
    keeper_is_down();
  }
  let_go_of_the_start();
  be_spared_by_oom_killer();
  return true;
}

bool Loop::spawn_service() {
  Channel channel = make_channel();
  if (!channel.ours) return false;
  Launch launch{.card = kBlankCard};
  launch.card.magic = segment::kRoleMagic;
  launch.card.role = Role::kService;
  launch.card.parent_pid = getpid();
  launch.card.segment = shared_.segment.get();
  launch.card.channel = channel.theirs.get();
  launch.card.service_bell = shared_.service_bell.get();
  launch.card.keeper_bell = shared_.keeper_bell.get();
  launch.card.plain_err = launch.complaints_fd = shared_.plain_err.get();
  launch.card.signal_mask = signal_mask_;
  launch.stdout_fd = shared_.service_out.get();
  launch.stderr_fd = shared_.service_err.get();
  segment::Supervision& told = shared_.view.supervision();
  const Program program = &outrigger_adopted != nullptr ? Program::kAdopted : Program::kOwnWords;
  const segment::Confinement wanted =
      confinement_wanted(invocation_.argc, invocation_.argv, program);
  told.confinement.store(static_cast<uint32_t>(wanted), std::memory_order_relaxed);
  if (wanted == segment::Confinement::kEnforced) launch.confine = &told;
  // A process group in the background that reads from its terminal is stopped.
  if (isatty(STDIN_FILENO)) launch.stdin_fd = shared_.empty_input.get();
  return adopt(service_, launch, std::move(channel.ours), shared_.view.supervision().service_pid);
}

bool Loop::spawn_keeper() {
  keeper_faults_ = 0;
  watch_.started(now_ns_, shared_.view.control().keeper_beat_ns.load(std::memory_order_relaxed));
  Channel channel = make_channel();
  if (!channel.ours) return false;
  Launch launch{.card = kBlankCard};
  launch.card.magic = segment::kRoleMagic;
  launch.card.role = Role::kKeeper;
  launch.card.parent_pid = getpid();
  launch.card.segment = shared_.segment.get();
  launch.card.spool = shared_.spool.get();
  launch.card.channel = channel.theirs.get();
  launch.card.service_bell = shared_.service_bell.get();
  launch.card.keeper_bell = shared_.keeper_bell.get();
  launch.card.captured_out = shared_.captured_out.get();
  launch.card.captured_err = shared_.captured_err.get();
  launch.card.signal_mask = signal_mask_;
  listeners_.write_to(launch.card);
  launch.stdin_fd = shared_.empty_input.get();
  // One that cannot be started is tried again and again; it is told once.
  if (!watch_.failed()) launch.complaints_fd = STDERR_FILENO;
  if (!adopt(keeper_, launch, std::move(channel.ours), shared_.view.supervision().keeper_pid))
    return false;
  if (stop_.draining())
    say(keeper_.channel.get(), Word::kDrain, static_cast<int32_t>(stop_.budget_ms()));
  if (finish_at_ns_ != 0) say_service_ended();
  return true;
}

bool Loop::adopt(Child& child, const Launch& launch, base::Fd channel,
                 std::atomic<int32_t>& told_pid) {
  Spawned spawned = spawn(launch, invocation_, environment_);
  if (spawned.pid < 0) return false;
  child.pid = spawned.pid;
  child.pidfd = std::move(spawned.pidfd);
  child.channel = std::move(channel);
  told_pid.store(child.pid, std::memory_order_relaxed);
  return true;
}

void Loop::cannot_spawn(std::string_view part) {
  base::FixedText<200> sentence;
  sentence.add("cannot start the ").add(part).add(": ").add(base::error_text(errno));
  report(sentence.view());
}

void Loop::let_go_of_the_start() {
  // The service alone holds what the program was started with, so that closing it there has its
  // effect.
  dup2(shared_.empty_input.get(), STDIN_FILENO);
  constexpr int kOwn = 12;
  int kept[kOwn + segment::kListenersMax] = {
      shared_.segment.get(),      shared_.spool.get(),
      shared_.service_bell.get(), shared_.keeper_bell.get(),
      shared_.captured_out.get(), shared_.captured_err.get(),
      shared_.empty_input.get(),  signals_.get(),
      service_.pidfd.get(),       service_.channel.get(),
      keeper_.pidfd.get(),        keeper_.channel.get(),
  };
  shared_.service_out.reset();
  shared_.service_err.reset();
  shared_.plain_err.reset();
  for (int i = 0; i < listeners_.count(); ++i) kept[kOwn + i] = listeners_.descriptor(i);
  close_all_but(kept, static_cast<size_t>(kOwn + listeners_.count()));
}

}  // namespace outrigger::supervisor
