#include "profile/labels.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "outrigger/profile.h"
#include "segment/samples.h"

namespace outrigger::profile {
namespace {

constexpr size_t kKeyMax = 63;
constexpr size_t kValueMax = 127;
static_assert(kValueMax <= UINT8_MAX);

// Bytes of this thread's alone, not a list through the labels themselves: a label that outlives its
// scope, or ends on another thread, spoils tags but no memory. A signal handler may read at any
// time, so that the size comes last.
struct Text {
  std::atomic<uint32_t> size;
  char bytes[segment::kLabelBytesMax];
};
constinit thread_local Text t_labels{};

}  // namespace

Label::Label(std::string_view key, std::string_view value) noexcept
    : before_(t_labels.size.load(std::memory_order_relaxed)) {
  key = key.substr(0, kKeyMax);
  value = value.substr(0, kValueMax);
  const size_t bytes = 2 + key.size() + value.size();
  if (key.empty() || before_ + bytes > segment::kLabelBytesMax) return;
  char* const at = t_labels.bytes + before_;
  at[0] = static_cast<char>(key.size());
  at[1] = static_cast<char>(value.size());
  std::copy_n(key.data(), key.size(), at + 2);
  std::copy_n(value.data(), value.size(), at + 2 + key.size());
  std::atomic_signal_fence(std::memory_order_release);
  t_labels.size.store(before_ + static_cast<uint32_t>(bytes), std::memory_order_relaxed);
}

Label::~Label() {
  // On another thread than its own it may not grow what is there.
  const uint32_t now = t_labels.size.load(std::memory_order_relaxed);
  t_labels.size.store(std::min(now, before_), std::memory_order_relaxed);
}

uint32_t copy_labels(char* to) {
  const uint32_t size = t_labels.size.load(std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_acquire);
  if (size != 0) memcpy(to, t_labels.bytes, size);
  return size;
}

}  // namespace outrigger::profile
