#include "base/refused_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <span>

namespace outrigger::base {
namespace {

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#endif

// Numbers that older headers lack are the same on all architectures.
constexpr uint32_t kOpenat2 = 437;
constexpr uint32_t kIoUringSetup = 425;

constexpr uint32_t kChanges[] = {
    // Mounts and namespaces.
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_setns,
    SYS_unshare,
    428 /* open_tree */,
    429 /* move_mount */,
    430 /* fsopen */,
    431 /* fsconfig */,
    432 /* fsmount */,
    433 /* fspick */,
    442 /* mount_setattr */,
    // The kernel and the machine.
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_acct,
    SYS_quotactl,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_syslog,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_adjtimex,
    SYS_clock_adjtime,
    SYS_personality,
    SYS_userfaultfd,
    SYS_fanotify_init,
    SYS_open_by_handle_at,
    SYS_name_to_handle_at,
    // Keys and other users' rights.
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_setuid,
    SYS_setgid,
    SYS_setreuid,
    SYS_setregid,
    SYS_setresuid,
    SYS_setresgid,
    SYS_setgroups,
    SYS_setfsuid,
    SYS_setfsgid,
    SYS_capset,
    // Other processes' memory: reading is the keeper's work.
    SYS_process_vm_writev,
    // Files. A Unix socket's name may be removed.
    SYS_mknodat,
    SYS_mkdirat,
    SYS_renameat2,
    SYS_symlinkat,
    SYS_linkat,
    SYS_truncate,
    SYS_fchmodat,
    SYS_fchownat,
    SYS_fchown,
    SYS_utimensat,
    SYS_setxattr,
    SYS_lsetxattr,
    SYS_fsetxattr,
    SYS_removexattr,
    SYS_lremovexattr,
    SYS_fremovexattr,
#if defined(__x86_64__)
    SYS_kexec_file_load,
    SYS_iopl,
    SYS_ioperm,
    SYS_modify_ldt,
    SYS_mknod,
    SYS_mkdir,
    SYS_rename,
    SYS_renameat,
    SYS_symlink,
    SYS_link,
    SYS_creat,
    SYS_chmod,
    SYS_chown,
    SYS_lchown,
    SYS_utime,
    SYS_utimes,
    SYS_futimesat,
#endif
};
constexpr uint32_t kExec[] = {SYS_execve, SYS_execveat};

constexpr uint32_t kWritingFlags =
    O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;  // tidy: disk because these are refused
constexpr uint32_t kRefuse = SECCOMP_RET_ERRNO | EPERM;
constexpr uint32_t kUnknown = SECCOMP_RET_ERRNO | ENOSYS;
#if defined(__x86_64__)
constexpr uint32_t kOtherAbi = 0x40000000;  // x32's numbers begin there
#endif

// A program that is put together once, in place.
class Program {
 public:
  void add(uint16_t code, uint32_t value, uint8_t yes = 0, uint8_t no = 0) {
    if (size_ < code_.size()) code_[size_++] = {code, yes, no, value};
  }
  void load(size_t offset) { add(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset)); }
  void give(uint32_t answer) { add(BPF_RET | BPF_K, answer); }
  // The number has been loaded.
  void answer_if(uint32_t number, uint32_t answer) {
    add(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
    give(answer);
  }
  // `flags_at`: which argument. Loads something else only where the call is that one.
  void refuse_writing(uint32_t number, size_t flags_at) {
    add(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 4);
    load(offsetof(seccomp_data, args) + flags_at * sizeof(uint64_t));  // the low half
    add(BPF_JMP | BPF_JSET | BPF_K, kWritingFlags, 0, 1);
    give(kRefuse);
    give(SECCOMP_RET_ALLOW);
  }
  sock_fprog ready() { return {static_cast<unsigned short>(size_), code_.data()}; }

 private:
  std::array<sock_filter, 256> code_;
  size_t size_ = 0;
};
static_assert(2 * (std::size(kChanges) + std::size(kExec)) + 32 < 256);

}  // namespace

bool refuse_calls(Gives gives) {
  Program program;
  program.load(offsetof(seccomp_data, arch));
  // Another architecture's numbers mean other calls.
  program.add(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0);
  program.give(kRefuse);
  program.load(offsetof(seccomp_data, nr));
#if defined(__x86_64__)
  program.add(BPF_JMP | BPF_JGE | BPF_K, kOtherAbi, 0, 1);
  program.give(kUnknown);
#endif
  program.answer_if(kOpenat2, kUnknown);
  program.answer_if(kIoUringSetup, kUnknown);
  for (const uint32_t number : kChanges) program.answer_if(number, kRefuse);
  if (gives == Gives::kUpExecAndWriting) {
    for (const uint32_t number : kExec) program.answer_if(number, kRefuse);
    program.refuse_writing(SYS_openat, 2);
#if defined(__x86_64__)
    program.refuse_writing(SYS_open, 1);
#endif
  }
  program.give(SECCOMP_RET_ALLOW);
  sock_fprog ready = program.ready();
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  // Without SPEC_ALLOW older kernels slow the whole process down.
  constexpr unsigned kFlags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, kFlags, &ready) == 0;
}

}  // namespace outrigger::base
