#include "outrigger/version.h"

// Made by the build of a service (cmake/VersionSource.cmake); programs that are not one do not have
// them.
extern "C" {
extern const char outrigger_version_string[] __attribute__((weak));
extern const char outrigger_commit_string[] __attribute__((weak));
extern const char outrigger_built_string[] __attribute__((weak));
}

namespace outrigger {

std::string_view version() noexcept {
  return outrigger_version_string == nullptr ? "0.0.0000000" : outrigger_version_string;
}
std::string_view commit() noexcept {
  return outrigger_commit_string == nullptr ? "" : outrigger_commit_string;
}
std::string_view built() noexcept {
  return outrigger_built_string == nullptr ? "" : outrigger_built_string;
}

}  // namespace outrigger
