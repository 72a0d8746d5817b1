#include "pprof/kept_map.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "base/fd.h"
#include "base/text.h"

namespace outrigger::pprof {
namespace {

// A process with many mappings: its own file and libraries are loaded first, but stand behind what it
// maps later.
constexpr size_t kReadMax = 1u << 20;

std::string lines_of_files(pid_t pid) {
  base::FixedText<40> path;
  path.add("/proc/").add(pid).add("/maps");
  const base::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string rest;
  std::string found;
  char bytes[4096];
  for (size_t seen = 0; file && seen < kReadMax;) {
    const ssize_t size = read(file.get(), bytes, sizeof(bytes));
    if (size <= 0) break;
    seen += static_cast<size_t>(size);
    rest.append(bytes, static_cast<size_t>(size));
    for (size_t end; (end = rest.find('\n')) != std::string::npos; rest.erase(0, end + 1)) {
      const std::string_view line = std::string_view(rest).substr(0, end + 1);
      if (line.find(" /") == std::string_view::npos ||
          line.find(" /memfd:") != std::string_view::npos)
        continue;
      if (found.size() + line.size() <= KeptMap::kBytesMax) found += line;
    }
  }
  return found;
}

}  // namespace

std::string map_of(pid_t pid, KeptMap& kept) {
  const std::string found = lines_of_files(pid);
  if (!found.empty()) {
    // Nothing counts while it is written: who writes may be killed.
    kept.bytes.store(0, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    memcpy(kept.text, found.data(), found.size());
    kept.bytes.store(static_cast<uint32_t>(found.size()), std::memory_order_release);
    return found;
  }
  const size_t bytes = kept.bytes.load(std::memory_order_acquire);
  return {kept.text, std::min(bytes, KeptMap::kBytesMax)};
}

}  // namespace outrigger::pprof
