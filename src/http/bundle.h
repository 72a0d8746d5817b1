// The bundle of CA certificates that the machine had on which this file was built: the last resort
// where the system has none, such as in an empty chroot.
#pragma once

#include <string_view>

namespace outrigger::http {

// PEM; empty when there was none at build time.
std::string_view compiled_in_bundle();

}  // namespace outrigger::http
