// What the three roles of one file hand each other: who a process is, and the few words they say.
//
// The supervisor starts a child of the same file with OUTRIGGER_ROLE=<fd> in its environment; fd is
// a memfd, sealed against any change, that holds a RoleCard. The child's early constructor takes
// the variable away, marks every descriptor close-on-exec, and believes the card only if its magic,
// its parent's pid and its parent's executable are right. So a program that the service starts is
// never taken for a part of it.
#pragma once

#include <cstdint>

namespace outrigger::segment {

enum class Role : uint32_t { kService = 1, kKeeper = 2 };

inline constexpr uint64_t kRoleMagic = 0x3144524143544f52ULL;  // "ROTCARD1"
inline constexpr const char* kRoleVariable = "OUTRIGGER_ROLE";
inline constexpr int kListenersMax = 8;

// Descriptors are -1 where a role has none.
struct RoleCard {
  uint64_t magic;
  Role role;
  int32_t parent_pid;
  int32_t segment;       // the shared memory
  int32_t spool;         // keeper: its own memory, outlives it (src/keeper/spool.h)
  int32_t channel;       // SOCK_SEQPACKET to the supervisor; its end of file is the lifeline
  int32_t service_bell;  // eventfd: the keeper rings, the service looks at Control
  int32_t keeper_bell;   // eventfd: the service rings, the keeper looks at declarations
  int32_t captured_out;  // keeper: read end of the service's stdout
  int32_t captured_err;  // keeper: read end of the service's stderr
  int32_t plain_err;  // service: the program's own stderr, for why a start failed (2 leads to the
                      // keeper)
  uint64_t signal_mask;    // bit n-1: signal n was blocked when the supervisor was started
  int32_t listener_count;  // keeper: listening sockets of the keeper that ran before
  int32_t listeners[kListenersMax];
};

enum class Word : uint32_t {
  // supervisor says
  kDrain = 1,     // value: milliseconds of the stop budget
  kHurry,         // a second signal: end now, flush still
  kStacks,        // SIGQUIT
  kServiceEnded,  // to the keeper: everything is written; value: waitid's status, code in `more`
  // a child says
  kSignalled = 16,  // this process got a stop signal; value: signal
  kReady,           // service: started; value: its own stop budget in milliseconds, 0: the default
  kStartFailed,     // value: exit code; the reason is already on stderr
  kListener,        // keeper: one descriptor rides along, to be handed to its successors
  kDrainBegan,      // service: draining on its own account
};

struct Message {
  Word word;
  int32_t value;
  int32_t more;
  int32_t reserved;
};

}  // namespace outrigger::segment
