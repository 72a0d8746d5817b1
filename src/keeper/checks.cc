#include "keeper/checks.h"

#include <string.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <string>

#include "base/clock.h"
#include "keeper/plain_text.h"

namespace outrigger::keeper {
namespace {

using segment::CheckStatus;
using segment::HealthSlot;

// A writer is in the slot for some 100 ns; one that was suspended there is given a moment.
constexpr int kTries = 40;
constexpr int kPatientTries = 20;
constexpr timespec kPause{0, 50'000};

// The slot without its version, word by word: it may be written meanwhile.
struct alignas(HealthSlot) SlotCopy {
  uint64_t words[(sizeof(HealthSlot) + 7) / 8];
  const HealthSlot& slot() const { return *reinterpret_cast<const HealthSlot*>(words); }
};

bool copy_slot(const HealthSlot& slot, SlotCopy& copy) {
  static_assert(sizeof(HealthSlot) % 8 == 0);
  for (int i = 0; i < kTries; ++i) {
    // Acquire: pairs with the release with which the writer made the version even.
    const uint32_t before = slot.version.load(std::memory_order_acquire);
    if (before % 2 != 0) {
      if (i >= kTries - kPatientTries) nanosleep(&kPause, nullptr);
      continue;
    }
    const auto* const from = reinterpret_cast<const std::atomic<uint64_t>*>(&slot);
    for (size_t word = 0; word < std::size(copy.words); ++word)
      copy.words[word] = from[word].load(std::memory_order_relaxed);
    // The copies above must not move below the second look at the version.
    std::atomic_thread_fence(std::memory_order_acquire);
    if (slot.version.load(std::memory_order_relaxed) == before) return true;
  }
  return false;
}

// "5 s", "250 ms".
std::string duration_text(int64_t ns) {
  const int64_t ms = ns / base::kNsPerMs;
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

bool is_overdue(const HealthSlot& slot, int64_t now_ns) {
  return slot.started_ns > 0 && slot.timeout_ns > 0 && now_ns - slot.started_ns > slot.timeout_ns;
}

admin::Status status_of(uint32_t status) {
  switch (static_cast<CheckStatus>(status)) {
    case CheckStatus::kPending:
    case CheckStatus::kPass: return admin::Status::kPass;
    case CheckStatus::kWarn: return admin::Status::kWarn;
    default: return admin::Status::kFail;
  }
}

admin::CheckReport read_check(const HealthSlot& slot, int64_t now_ns) {
  admin::CheckReport report;
  SlotCopy copy;
  if (!copy_slot(slot, copy)) {
    report.name = plain_text(slot.name, sizeof(slot.name));
    report.status = admin::Status::kFail;
    report.output = "unreadable: the service ended while it wrote the result";
    return report;
  }
  const HealthSlot& seen = copy.slot();
  report.name = plain_text(seen.name, sizeof(seen.name));
  report.status = status_of(seen.status);
  report.pending = seen.status == static_cast<uint32_t>(CheckStatus::kPending);
  report.output = plain_text(seen.output, sizeof(seen.output));
  report.time_ns = std::max<int64_t>(seen.time_real_ns, 0);
  report.duration_ms = static_cast<double>(std::max<int64_t>(seen.duration_ns, 0)) / base::kNsPerMs;
  report.critical = seen.critical != 0;
  report.gates_readiness = seen.gates_readiness != 0;
  if (is_overdue(seen, now_ns)) {
    report.status = admin::Status::kFail;
    report.pending = false;
    report.output = "timed out after " + duration_text(seen.timeout_ns);
    report.duration_ms = static_cast<double>(now_ns - seen.started_ns) / base::kNsPerMs;
  }
  return report;
}

size_t used_slots(const segment::HealthTable& table) {
  return std::min<size_t>(table.used.load(std::memory_order_acquire), segment::kChecks);
}

}  // namespace

std::vector<admin::CheckReport> read_checks(const segment::HealthTable& table, int64_t now_ns) {
  std::vector<admin::CheckReport> reports;
  for (size_t i = 0; i < used_slots(table); ++i)
    reports.push_back(read_check(table.slots[i], now_ns));
  return reports;
}

bool gates_pass(const segment::HealthTable& table, int64_t now_ns) {
  for (size_t i = 0; i < used_slots(table); ++i) {
    SlotCopy copy;
    if (!copy_slot(table.slots[i], copy)) return false;
    const HealthSlot& seen = copy.slot();
    if (seen.gates_readiness == 0) continue;
    const bool pending = seen.status == static_cast<uint32_t>(CheckStatus::kPending);
    if (pending || status_of(seen.status) == admin::Status::kFail || is_overdue(seen, now_ns))
      return false;
  }
  return true;
}

}  // namespace outrigger::keeper
