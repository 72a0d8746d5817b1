// What state the service's process is in, judged from outside: by its phase, by the age of its
// beats, by what the kernel says of it. Pure: time and findings are passed in.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "admin/report.h"
#include "segment/layout.h"

namespace outrigger::keeper {

// Every source beats once a second; one that has not for so long hangs, so that the page says so
// within five seconds.
inline constexpr int64_t kBeatAgeMaxNs = 4'000'000'000;

// What /proc says of the process.
struct ProcessStatus {
  bool traced = false;   // a debugger is attached
  bool stopped = false;  // SIGSTOP and its like
  int parent = 0;
  bool lives = false;  // it has memory, and no SIGKILL is on its way to it
};
// A process that is gone shows nothing of it.
ProcessStatus read_process_status(int pid);

struct Circumstances {
  int64_t now_ns = 0;       // CLOCK_MONOTONIC, as all times here
  int64_t forgiven_ns = 0;  // silence before this moment is nobody's fault: the keeper itself did
                            // not run, or a debugger held the service
  int64_t stopped_since_ns = 0;  // 0: it runs
  bool traced = false;
  bool ended = false;
  bool draining = false;  // the supervisor has said so; the service may not have come to it yet
};

struct Verdict {
  admin::ProcessState state = admin::ProcessState::kStarting;
  std::optional<int64_t> beat_age_ms;  // of the oldest beat; none without beats
  std::string beat_name;
};

Verdict judge(uint32_t phase, std::span<const segment::Beat> beats,
              const Circumstances& circumstances);

// "exit code 3", "killed by signal 9 (SIGKILL)", from what waitid() says.
std::string describe_end(int code, int status);

}  // namespace outrigger::keeper
