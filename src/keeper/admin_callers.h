// Who is let in at the admin port, by what the service declares.
#pragma once

#include <memory>

#include "admin/router.h"
#include "admin/source.h"
#include "discovery/access.h"
#include "keeper/declarations.h"

namespace outrigger::keeper {

// `source` must outlive it. `access` may be null: then nobody can prove who he is.
admin::Access admin_access(const Declarations& declarations,
                           const std::shared_ptr<discovery::Access>& access, admin::Source& source);

}  // namespace outrigger::keeper
