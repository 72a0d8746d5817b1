#include "keeper/watch.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"
#include "keeper/plain_text.h"

namespace outrigger::keeper {
namespace {

using admin::ProcessState;
using segment::ServicePhase;

// The text behind "Name:\t" in /proc/<pid>/status.
std::string_view value_of(std::string_view status, std::string_view name) {
  const size_t at = status.find(name);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = status.substr(at + name.size());
  return rest.substr(0, rest.find('\n'));
}

ProcessState state_in(uint32_t phase) {
  switch (static_cast<ServicePhase>(phase)) {
    case ServicePhase::kBorn:
    case ServicePhase::kStarting: return ProcessState::kStarting;
    case ServicePhase::kRunning: return ProcessState::kRunning;
    default: return ProcessState::kDraining;
  }
}

}  // namespace

ProcessStatus read_process_status(int pid) {
  base::FixedText<40> path;
  path.add("/proc/").add(pid).add("/status");
  const base::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char bytes[2048];
  const ssize_t size = file ? read(file.get(), bytes, sizeof(bytes)) : 0;
  if (size <= 0) return {};
  const std::string_view status(bytes, static_cast<size_t>(size));
  const std::string_view tracer = value_of(status, "\nTracerPid:\t");
  const std::string_view state = value_of(status, "\nState:\t");
  const std::string parent(value_of(status, "\nPPid:\t"));
  // A process that was killed keeps the signal until the last of it has gone.
  const std::string pending(value_of(status, "\nShdPnd:\t"));
  const bool killed = (strtoull(pending.c_str(), nullptr, 16) >> (SIGKILL - 1) & 1) != 0;
  return {!tracer.empty() && tracer != "0", state.starts_with('T') || state.starts_with('t'),
          static_cast<int>(strtol(parent.c_str(), nullptr, 10)),
          !killed && !value_of(status, "\nVmSize:\t").empty()};
}

Verdict judge(uint32_t phase, std::span<const segment::Beat> beats,
              const Circumstances& circumstances) {
  Verdict verdict;
  int64_t oldest_ns = 0;
  for (const segment::Beat& beat : beats) {
    // Acquire: pairs with the release of the first beat; the name is there.
    const int64_t last_ns = beat.last_ns.load(std::memory_order_acquire);
    if (last_ns == 0) continue;
    // A beat from the future is as good as one just now: what the service writes proves nothing
    // beyond that.
    const int64_t age_ns =
        std::max<int64_t>(circumstances.now_ns - std::max(last_ns, circumstances.forgiven_ns), 0);
    if (verdict.beat_age_ms && age_ns <= oldest_ns) continue;
    oldest_ns = age_ns;
    verdict.beat_age_ms = age_ns / base::kNsPerMs;
    verdict.beat_name = plain_text(beat.name, sizeof(beat.name));
  }
  verdict.state = circumstances.draining ? ProcessState::kDraining : state_in(phase);
  if (circumstances.ended) {
    verdict.state = ProcessState::kExited;
    verdict.beat_age_ms.reset();
  } else if (circumstances.traced) {
    verdict.state = ProcessState::kDebugged;
  } else if (phase < static_cast<uint32_t>(ServicePhase::kExiting)) {
    // Without beats, a stopped process can still be told from one that works.
    const bool stopped = circumstances.stopped_since_ns != 0 &&
                         circumstances.now_ns - circumstances.stopped_since_ns > kBeatAgeMaxNs;
    if (oldest_ns > kBeatAgeMaxNs || stopped) verdict.state = ProcessState::kUnresponsive;
  }
  return verdict;
}

std::string describe_end(int code, int status) {
  if (code == CLD_EXITED) return "exit code " + std::to_string(status);
  const char* const name = sigabbrev_np(status);
  return "killed by signal " + std::to_string(status) +
         (name == nullptr ? "" : " (SIG" + std::string(name) + ")") +
         (code == CLD_DUMPED ? ", core dumped" : "");
}

}  // namespace outrigger::keeper
