// Are a service's declarations ones that can be served? All is looked at before anything starts.
#pragma once

#include <string>

#include "service/parts.h"

namespace outrigger::service {

// The first thing that will not do, in one sentence for the programmer; empty when all is well.
std::string wrong_with(const internal::ServiceParts& parts);

}  // namespace outrigger::service
