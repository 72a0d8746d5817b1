// What was baked into this file when it was built (cmake: outrigger_add_service). Any thread, any
// time.
#pragma once

#include <string_view>

namespace outrigger {

std::string_view
version() noexcept;  // "1.1.ab41cd0", with "+CHANGES" when the tree had pending changes
std::string_view commit() noexcept;  // the full hash
std::string_view built() noexcept;   // RFC 3339, UTC

}  // namespace outrigger
