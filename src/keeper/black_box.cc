#include "keeper/black_box.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <exception>
#include <utility>

#include "base/clock.h"
#include "base/threads.h"
#include "keeper/stack_text.h"

namespace outrigger::keeper {
namespace {

// The handler waits two seconds: the stacks that are not copied by then show a process that has
// gone on.
constexpr int64_t kHeldNsMax = 3 * base::kNsPerSecond / 2;
// A service that hangs is not to hang any longer because of this.
constexpr int64_t kHangHeldNsMax = base::kNsPerSecond / 2;
// Of a log entry, which as a record must stay below 64 KiB.
constexpr size_t kStackBytesMax = 12u << 10;
constexpr size_t kThreadsBytesMax = 36u << 10;
constexpr size_t kWaitsBytesMax = 4u << 10;
constexpr size_t kTraceBytesMax = 2u << 10;

constexpr uint32_t kInfo = 2;
constexpr uint32_t kError = 4;

std::string cut(std::string text, size_t bytes_max) {
  if (text.size() > bytes_max) text.resize(bytes_max);
  return text;
}

// A field that the message does not show.
void add_text(render::MadeRecord& made, const std::string& text) {
  made.add(std::string_view(text));
}

std::string left_out(const BlackBox::Found& found) {
  if (!found.no_stacks.empty()) return found.no_stacks;
  if (found.threads.missed == 0 && found.threads.why.empty()) return {};
  return std::to_string(found.threads.missed) + " threads missing" +
         (found.threads.why.empty() ? "" : ": " + found.threads.why);
}

}  // namespace

BlackBox::BlackBox(segment::View view, int service_pid, Place place)
    : view_(view), pid_(service_pid), place_(place) {}

BlackBox::~BlackBox() {
  if (thread_.joinable()) thread_.join();
}

void BlackBox::look() {
  constexpr auto kWaiting = static_cast<uint32_t>(segment::CrashState::kWaiting);
  // Relaxed: read_crash() looks again.
  if (crash_seen_ || view_.service().crash_state.load(std::memory_order_relaxed) != kWaiting)
    return;
  if (is_busy()) return;  // a look at a hang, which is short
  std::optional<Crash> crash = read_crash(view_);
  crash_seen_ = true;
  if (!crash || pid_ <= 0) return let_go();
  take();
  begin(Why::kCrash, std::move(crash));
}

bool BlackBox::look_at_threads(Why why) {
  if (is_busy() || crash_seen_ || place_ == Place::kSameProcess || pid_ <= 0) return false;
  take();
  begin(why, {});
  return true;
}

void BlackBox::begin(Why why, std::optional<Crash> crash) {
  found_ = {};
  found_.why = why;
  found_.crash = std::move(crash);
  done_.store(false, std::memory_order_relaxed);
  // A thread of its own: its end lets go of whatever could not be let go of before.
  thread_ = base::start_thread("or-report", [this] {
    try {
      find_out();
    } catch (const std::exception& thrown) {
      found_.no_stacks = thrown.what();
    }
    if (found_.why == Why::kCrash && place_ == Place::kOtherProcess) let_go();
    done_.store(true, std::memory_order_release);
  });
}

void BlackBox::find_out() {
  found_.figures = system::read_process({}, pid_);
  pprof::StandstillAsk ask;
  ask.pid = pid_;
  ask.held_ns_max = found_.why == Why::kCrash ? kHeldNsMax : kHangHeldNsMax;
  if (found_.crash) ask.crashed = found_.crash->at;
  const bool may_go = found_.why == Why::kCrash && place_ == Place::kOtherProcess;
  Result<pprof::Standstill> threads = pprof::stand_still(ask, [&] {
    if (may_go) let_go();
  });
  if (threads.ok()) {
    found_.threads = std::move(*threads);
  } else {
    found_.no_stacks = threads.error().message;
  }
}

std::optional<BlackBox::Found> BlackBox::take() {
  if (!thread_.joinable() || is_busy()) return std::nullopt;
  thread_.join();
  return std::move(found_);
}

void BlackBox::let_go() {
  if (let_go_.exchange(true, std::memory_order_relaxed)) return;
  std::atomic<uint32_t>& answered = view_.control().crash_answered;
  // Release: pairs with the handler's acquire; this process needs the other no more.
  answered.store(1, std::memory_order_release);
  syscall(SYS_futex, &answered, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

void make_crash_entry(render::MadeRecord& made, uint32_t level, const BlackBox::Found& found,
                      const DeathFacts& facts) {
  const Crash& crash = *found.crash;
  const bool has_stack = !found.threads.threads.empty();
  const pprof::ThreadStack none;
  const pprof::ThreadStack& stack = has_stack ? found.threads.threads.front() : none;
  const std::span<const pprof::ThreadStack> all(found.threads.threads);
  // ":.0" is a field that the message does not repeat.
  made.begin(level,
             crash.exception.empty()
                 ? "service crashed: {signal} at {address} in {trace}{exception:.0}{what:.0}"
                   "{code:.0}{function:.0}{crashed_thread:.0}{stack:.0}{threads:.0}{waits:.0}"
                   "{registers:.0}{missing:.0}{ended:.0}{version:.0}{uptime_seconds:.0}"
                   "{last_entries:.0}{memory_bytes:.0}{thread_count:.0}{cpu_seconds:.0}"
                 : "service crashed: {signal}{address:.0} in {trace}: {exception} {what}"
                   "{code:.0}{function:.0}{crashed_thread:.0}{stack:.0}{threads:.0}{waits:.0}"
                   "{registers:.0}{missing:.0}{ended:.0}{version:.0}{uptime_seconds:.0}"
                   "{last_entries:.0}{memory_bytes:.0}{thread_count:.0}{cpu_seconds:.0}",
             {});
  const std::string trace = cut(trace_of(stack), kTraceBytesMax);
  add_text(made, signal_name(crash.signal));
  add_text(made, address_text(crash.address));
  add_text(made, trace.empty() ? "an unknown place" : trace);
  add_text(made, crash.exception);
  add_text(made, crash.what);
  add_text(made, code_text(crash.signal, crash.code));
  add_text(made, cut(culprit_of(stack), kTraceBytesMax));
  add_text(made,
           (stack.name.empty() ? "?" : stack.name) + "/" + std::to_string(crash.at.thread_id));
  add_text(made, stack_text(stack, kStackBytesMax));
  add_text(made, has_stack ? threads_text(all.subspan(1), kThreadsBytesMax) : "");
  add_text(made, cut(waits_text(all), kWaitsBytesMax));
  add_text(made, registers_text(crash));
  add_text(made, left_out(found));
  add_text(made, facts.how);
  add_text(made, facts.version);
  add_text(made, std::to_string(facts.uptime_s));
  add_text(made, facts.last_entries);
  const system::Process figures = found.figures.value_or(system::Process());
  add_text(made, std::to_string(static_cast<uint64_t>(figures.resident_bytes)));
  add_text(made, std::to_string(static_cast<uint64_t>(figures.threads)));
  add_text(made, std::to_string(figures.cpu_seconds));
}

void make_hang_entry(render::MadeRecord& made, const BlackBox::Found& found,
                     const std::string& beat, int64_t silent_ms) {
  const std::span<const pprof::ThreadStack> all(found.threads.threads);
  const std::string waits = cut(waits_text(all), kWaitsBytesMax);
  made.begin(kError,
             waits.empty()
                 ? "service hangs: {beat} has not beaten for {silent_ms} ms{waits:.0}{threads:.0}"
                   "{missing:.0}"
                 : "service hangs: {beat} has not beaten for {silent_ms} ms; {waits}{threads:.0}"
                   "{missing:.0}",
             {});
  add_text(made, beat);
  made.add(static_cast<uint64_t>(silent_ms));
  add_text(made, waits);
  add_text(made, threads_text(all, kThreadsBytesMax));
  add_text(made, left_out(found));
}

void make_threads_entry(render::MadeRecord& made, const BlackBox::Found& found) {
  const std::span<const pprof::ThreadStack> all(found.threads.threads);
  made.begin(kInfo, "stacks of {thread_count} threads{threads:.0}{waits:.0}{missing:.0}", {});
  made.add(uint64_t{all.size()});
  add_text(made, threads_text(all, kThreadsBytesMax));
  add_text(made, cut(waits_text(all), kWaitsBytesMax));
  add_text(made, left_out(found));
}

}  // namespace outrigger::keeper
