// Files on a disk that a process has open for writing, as /proc shows them.
#pragma once

#include <string>
#include <vector>

namespace outrigger::keeper {

inline constexpr size_t kWrittenFilesMax = 20;

// Regular files outside of /dev, /proc and memory; at most kWrittenFilesMax, sorted.
std::vector<std::string> written_files(int pid);

}  // namespace outrigger::keeper
