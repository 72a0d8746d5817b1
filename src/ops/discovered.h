// Discovery behind the door's plain types.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "outrigger/result.h"

namespace outrigger::ops {

Result<std::string> discover(std::string_view declarations, std::chrono::milliseconds budget);

}  // namespace outrigger::ops
