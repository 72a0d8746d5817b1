// Which part this process plays, as the early role choice (early.cc) found it. Constant-initialised
// and written before any constructor of the user runs; read-only from then on, so every thread may
// look.
#pragma once

#include <cstdint>

#include "segment/role.h"

namespace outrigger::supervisor {

enum class Part : uint32_t {
  kCommand = 0,  // main() goes on, run() dispatches; also where the early choice was not linked in
                 // (unit tests)
  kService,      // a supervisor and a keeper stand beside this process
  kAlone,  // --in-process, or a tracer at start: a service that makes its own segment and has no
           // supervisor
  kKeeper,
};

inline constexpr segment::RoleCard kBlankCard = {
    .magic = 0,
    .role = segment::Role::kService,
    .parent_pid = -1,
    .segment = -1,
    .spool = -1,
    .channel = -1,
    .service_bell = -1,
    .keeper_bell = -1,
    .captured_out = -1,
    .captured_err = -1,
    .plain_err = -1,
    .signal_mask = 0,
    .listener_count = 0,
    .listeners = {-1, -1, -1, -1, -1, -1, -1, -1},
};
static_assert(segment::kListenersMax == 8, "kBlankCard lists them");

struct Crew {
  Part part = Part::kCommand;
  segment::RoleCard card = kBlankCard;  // kAlone: only `segment` is set
  void* segment = nullptr;              // the mapping's base for kService and kAlone

  // Where a service says why it cannot start: the stderr that the program was started with.
  int plain_err() const { return card.plain_err >= 0 ? card.plain_err : 2; }
};

const Crew& crew();

}  // namespace outrigger::supervisor

// Defined by the service room where it is linked in. Called once in the parts kService and kAlone,
// after the segment is mapped and the log attached, before any constructor of the user. For
// kService all signals are blocked, and the callee puts crew().card.signal_mask into force when it
// is ready for them.
extern "C" [[gnu::weak]] void outrigger_service_born();

// Defined beside adopt(), so that its presence tells that the program is adopted and its arguments
// are its own.
extern "C" [[gnu::weak]] const char outrigger_adopted;
