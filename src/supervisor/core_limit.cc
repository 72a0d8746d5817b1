#include "supervisor/core_limit.h"

#include <sys/resource.h>

#include <algorithm>

namespace outrigger::supervisor {
namespace {

// For a file as good as 0, which is no limit to a program that the kernel pipes the dump to
// (core_pattern); 1 forbids that as well. The kernel's fs/coredump.c says so.
constexpr rlim_t kNone = 1;

}  // namespace

void forbid_core() {
  rlimit limit;
  if (getrlimit(RLIMIT_CORE, &limit) != 0) return;
  limit.rlim_cur = std::min(limit.rlim_max, kNone);
  setrlimit(RLIMIT_CORE, &limit);
}

bool allow_core() {
  rlimit limit;
  if (getrlimit(RLIMIT_CORE, &limit) != 0) return false;
  limit.rlim_cur = limit.rlim_max;
  return limit.rlim_max > kNone && setrlimit(RLIMIT_CORE, &limit) == 0;
}

}  // namespace outrigger::supervisor
