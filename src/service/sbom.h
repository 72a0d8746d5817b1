// What this file was linked from: the document that the build laid into it (cmake/Sbom.cmake).
#pragma once

#include <string>

#include "outrigger/result.h"

namespace outrigger::service {

// CycloneDX JSON.
Result<std::string> sbom();

}  // namespace outrigger::service
