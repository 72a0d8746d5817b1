// The role card's way from the supervisor to its child (segment/role.h): written sealed, believed
// only after checks.
#pragma once

#include "base/fd.h"
#include "segment/role.h"

namespace outrigger::supervisor {

// A sealed memfd that holds the card, close-on-exec. Empty on failure, with errno set.
base::Fd write_card(const segment::RoleCard& card);

enum class CardFound {
  kNone,      // no card, or none of ours: whoever set the variable, this process is not a part of a
              // crew
  kOrphaned,  // ours, but the supervisor that wrote it is gone
  kValid,
};

// Looks at OUTRIGGER_ROLE. When the card is valid, the variable is taken out of the environment,
// and every descriptor that the card lists is close-on-exec from here on.
CardFound find_card(segment::RoleCard& card);

}  // namespace outrigger::supervisor
