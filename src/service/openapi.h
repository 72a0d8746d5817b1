// /openapi.json: OpenAPI 3.1, from the declarations alone.
#pragma once

#include "outrigger/json.h"
#include "service/parts.h"

namespace outrigger::service {

Json openapi(const internal::ServiceParts& parts);

// The JSON Schema (2020-12) of one value of a parameter, and of all of them when it repeats.
Json schema_of(const internal::ParameterInfo& parameter);

}  // namespace outrigger::service
