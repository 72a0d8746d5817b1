// What this file runs on, as `uname -m` calls it there.
#pragma once

namespace outrigger::delivery {

#if defined(__aarch64__)
inline constexpr const char* kArchitecture = "aarch64";
#else
inline constexpr const char* kArchitecture = "x86_64";
#endif

}  // namespace outrigger::delivery
