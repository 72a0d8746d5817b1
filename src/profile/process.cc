#include "profile/process.h"

#include <unistd.h>

#include <atomic>

#include "base/fork_flag.h"

namespace outrigger::profile {

constinit Process g_process;

namespace {
constinit std::atomic<const std::atomic<uint32_t>*> g_alive{nullptr};  // reads 0 in a forked child
}

void attach_process(segment::View view) {
  g_process.pid = getpid();
  // The kernel puts the environment's addresses behind the arguments', at the end of the main
  // thread's stack.
  g_process.main_top = reinterpret_cast<uintptr_t>(environ);
  g_process.view = view;
}

bool is_own_process() {
  const std::atomic<uint32_t>* alive = g_alive.load(std::memory_order_acquire);
  if (alive == nullptr) {
    // The flag is to be made by the parent alone.
    if (!g_process.view || getpid() != g_process.pid) return false;
    alive = base::fork_flag();
    g_alive.store(alive, std::memory_order_release);
  }
  return alive != nullptr && alive->load(std::memory_order_relaxed) == 1;
}

}  // namespace outrigger::profile
