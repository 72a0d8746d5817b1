// Waiting for the keeper's answer about the settings.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string_view>

#include "segment/layout.h"
#include "segment/settings_answer.h"

namespace outrigger::service {

// Blocks until it is there, `is_over` says so, or the budget and a little more have passed: the
// keeper itself keeps to the budget. After a second, and then every few, `say` tells that it waits.
std::optional<segment::SettingsAnswer> wait_for_settings(
    segment::View view, std::chrono::milliseconds budget, const std::function<bool()>& is_over,
    const std::function<void(std::string_view sentence)>& say);

}  // namespace outrigger::service
