// A service's own server: the HTTP room behind the door's plain types.
#pragma once

#include "ops/ops.h"

namespace outrigger::ops {

Result<std::unique_ptr<Server>> serve(ServeOptions options);

}  // namespace outrigger::ops
