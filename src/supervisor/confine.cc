#include "supervisor/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string_view>

#include "base/fd.h"
#include "outrigger/confine.h"

// The linker gives these where a program declares paths, or a mode.
extern "C" {
[[gnu::weak, gnu::visibility("hidden")]] extern const char* const __start_outrigger_writes[];
[[gnu::weak, gnu::visibility("hidden")]] extern const char* const __stop_outrigger_writes[];
[[gnu::weak]] extern const outrigger::internal::Confine outrigger_confine;
}

namespace outrigger::supervisor {
namespace {

using segment::Confinement;

// Since Linux 6.2 (ABI 3); older headers lack it.
constexpr uint64_t kTruncate = uint64_t{1} << 14;
constexpr uint64_t kWriteFile = LANDLOCK_ACCESS_FS_WRITE_FILE;
// All that changes what a disk holds. Sockets are no files with content.
constexpr uint64_t kWriting = kWriteFile | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                              LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                              LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                              LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                              LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER | kTruncate;
constexpr uint64_t kOnFiles = kWriteFile | kTruncate;

struct Allowed {
  const char* path;
  uint64_t access;
};
constexpr Allowed kAllowed[] = {
    {"/dev/null", kOnFiles},   {"/dev/zero", kOnFiles},    {"/dev/full", kOnFiles},
    {"/dev/random", kOnFiles}, {"/dev/urandom", kOnFiles}, {"/dev/tty", kOnFiles},
    {"/dev/ptmx", kOnFiles},   {"/dev/pts", kOnFiles},     {"/dev/shm", kWriting},
    {"/proc", kOnFiles},  // names of threads, and the like
};

uint64_t known_to(long abi) {
  uint64_t known = kWriting;
  if (abi < 3) known &= ~kTruncate;
  if (abi < 2) known &= ~uint64_t{LANDLOCK_ACCESS_FS_REFER};
  return known;
}

// A path that is not there allows nothing.
void allow(int ruleset, const char* path, uint64_t access) {
  const base::Fd place(open(path, O_PATH | O_CLOEXEC));
  struct stat status;
  if (!place || fstat(place.get(), &status) != 0) return;
  landlock_path_beneath_attr beneath{};
  beneath.allowed_access = S_ISDIR(status.st_mode) ? access : access & kOnFiles;
  beneath.parent_fd = place.get();
  syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
}

Confinement failed_with(segment::Supervision& told, int error) {
  told.confine_error.store(error, std::memory_order_relaxed);
  return Confinement::kUnavailable;
}

Confinement enter_domain(segment::Supervision& told) {
  const long abi =
      syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 1) return failed_with(told, errno);
  landlock_ruleset_attr attributes{};
  attributes.handled_access_fs = known_to(abi);
  // The first field alone: what every version knows.
  const base::Fd ruleset(static_cast<int>(
      syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes.handled_access_fs), 0)));
  if (!ruleset) return failed_with(told, errno);
  for (const Allowed& each : kAllowed) allow(ruleset.get(), each.path, each.access & known_to(abi));
  for (const char* const* path = __start_outrigger_writes; path != __stop_outrigger_writes; ++path)
    allow(ruleset.get(), *path, known_to(abi));
  if (syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) {
    // Without the right to it a process must first give up that of becoming another user by exec.
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) return failed_with(told, errno);
  }
  told.confine_abi.store(static_cast<int32_t>(abi), std::memory_order_relaxed);
  return Confinement::kEnforced;
}

Confinement named(std::string_view mode) {
  if (mode == "off") return Confinement::kOff;
  if (mode == "report") return Confinement::kReported;
  if (mode == "enforce") return Confinement::kEnforced;
  return Confinement::kUnknown;
}

bool is_on(const char* variable) {
  const char* const value = getenv(variable);
  return value != nullptr && (strcmp(value, "1") == 0 || strcmp(value, "true") == 0);
}

}  // namespace

Confinement confinement_wanted(int argc, const char* const* argv, Program program) {
  if (program == Program::kOwnWords) {
    if (has_switch(argc, argv, "no-confine")) return Confinement::kOff;
    const Confinement typed = named(option_value(argc, argv, "confine"));
    if (typed != Confinement::kUnknown) return typed;
  }
  if (is_on("OUTRIGGER_NO_CONFINE")) return Confinement::kOff;
  const char* const variable = getenv("OUTRIGGER_CONFINE");
  const Confinement set = named(variable == nullptr ? "" : variable);
  if (set != Confinement::kUnknown) return set;
  if (&outrigger_confine != nullptr) return static_cast<Confinement>(outrigger_confine);
  return program == Program::kAdopted ? Confinement::kReported : Confinement::kEnforced;
}

void confine_writing(segment::Supervision& told) {
  told.confinement.store(static_cast<uint32_t>(enter_domain(told)), std::memory_order_relaxed);
}

}  // namespace outrigger::supervisor
