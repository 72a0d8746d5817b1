#include "supervisor/environment.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string_view>

namespace outrigger::supervisor {
namespace {

constexpr size_t kOwnSlots = 2;

// The init system talks to one process: the supervisor answers for the crew.
constexpr std::string_view kForSupervisor[] = {
    "NOTIFY_SOCKET=", "WATCHDOG_USEC=", "WATCHDOG_PID=", "LISTEN_PID=", "OUTRIGGER_ROLE=",
};

bool is_for_supervisor(std::string_view entry) {
  for (const std::string_view name : kForSupervisor) {
    if (entry.starts_with(name)) return true;
  }
  return false;
}

}  // namespace

Environment::Environment(char** environment) {
  size_t count = 0;
  while (environment[count] != nullptr) ++count;
  // Not malloc: the program may bring one whose constructors have not run yet.
  const size_t bytes = (kOwnSlots + count + 1) * sizeof(char*);
  entries_ = base::Mapping(
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), bytes);
  if (!entries_) return;
  char** slot = static_cast<char**>(entries_.data()) + kOwnSlots;
  for (size_t i = 0; i < count; ++i) {
    if (!is_for_supervisor(environment[i])) *slot++ = environment[i];
  }
  const char* listen_pid = getenv("LISTEN_PID");
  has_listeners_ = listen_pid != nullptr && base::Decimal(getpid()).view() == listen_pid;
}

char** Environment::for_child(segment::Role role, int card) {
  char** first = static_cast<char**>(entries_.data()) + kOwnSlots;
  if (role == segment::Role::kService && has_listeners_) {
    listen_pid_.clear().add("LISTEN_PID=").add(getpid());
    *--first = listen_pid_.data();
  }
  // Ahead of all others: behind the arguments, where it gives room for the title (title.cc).
  role_.clear().add(segment::kRoleVariable).add('=').add(card);
  *--first = role_.data();
  return first;
}

}  // namespace outrigger::supervisor
