#include "health/slot.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstring>

namespace outrigger::health {
namespace {

using segment::HealthSlot;

// Words are stored one by one and relaxed: a reader may look at any moment, and the seqlock tells
// it so.
constexpr size_t kHeadBytes = sizeof(uint64_t);  // version and status
static_assert(offsetof(HealthSlot, status) == sizeof(uint32_t) &&
              offsetof(HealthSlot, critical) == kHeadBytes);
static_assert(sizeof(HealthSlot) % sizeof(uint64_t) == 0);

segment::CheckStatus status_of(CheckStatus status) {
  switch (status) {
    case CheckStatus::kPass: return segment::CheckStatus::kPass;
    case CheckStatus::kWarn: return segment::CheckStatus::kWarn;
    case CheckStatus::kFail: break;
  }
  return segment::CheckStatus::kFail;
}

// Cut to the room, but not in the middle of a UTF-8 sequence.
void copy_text(char* to, size_t room, std::string_view text) {
  size_t size = std::min(text.size(), room - 1);
  if (size < text.size()) {
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  }
  memcpy(to, text.data(), size);
  memset(to + size, 0, room - size);
}

}  // namespace

SlotWriter::SlotWriter(HealthSlot& slot, std::string_view name, const CheckOptions& options)
    : slot_(slot), image_{} {
  using std::chrono::nanoseconds;
  image_.status = static_cast<uint32_t>(segment::CheckStatus::kPending);
  image_.critical = options.critical ? 1 : 0;
  image_.gates_readiness = options.gates_readiness ? 1 : 0;
  image_.timeout_ns = nanoseconds(options.timeout).count();
  image_.every_ns = nanoseconds(options.every).count();
  copy_text(image_.name, sizeof image_.name, name);
  publish();
}

void SlotWriter::started(int64_t now_ns) {
  image_.started_ns = now_ns;
  publish();
}

void SlotWriter::ended(const CheckResult& result, int64_t real_ns, int64_t duration_ns) {
  image_.status = static_cast<uint32_t>(status_of(result.status));
  image_.started_ns = 0;
  image_.time_real_ns = real_ns;
  image_.duration_ns = duration_ns;
  copy_text(image_.output, sizeof image_.output, result.output);
  publish();
}

void SlotWriter::publish() {
  const uint32_t odd = image_.version.load(std::memory_order_relaxed) + 1;
  image_.version.store(odd + 1, std::memory_order_relaxed);
  slot_.version.store(odd, std::memory_order_relaxed);
  // The stores below may not be seen before the odd number: pairs with the reader's acquire fence.
  std::atomic_thread_fence(std::memory_order_release);
  std::atomic_ref(slot_.status).store(image_.status, std::memory_order_relaxed);
  const auto* from = reinterpret_cast<const char*>(&image_);
  auto* to = reinterpret_cast<char*>(&slot_);
  for (size_t at = kHeadBytes; at < sizeof(HealthSlot); at += sizeof(uint64_t)) {
    uint64_t word;
    memcpy(&word, from + at, sizeof word);
    std::atomic_ref(*reinterpret_cast<uint64_t*>(to + at)).store(word, std::memory_order_relaxed);
  }
  // Release: pairs with the reader's first, acquiring load of version.
  slot_.version.store(odd + 1, std::memory_order_release);
}

}  // namespace outrigger::health
