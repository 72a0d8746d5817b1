#include "pprof/record.h"

#include <algorithm>

#include "base/clock.h"

namespace outrigger::pprof {
namespace {

constexpr int64_t kSliceNs = 5 * base::kNsPerSecond;

}  // namespace

void Record::take(const segment::Sample& sample, Unwinder& unwinder) {
  const int64_t now_ns = base::monotonic_ns();
  if (slices_.empty() || now_ns - slices_.back().began_ns >= kSliceNs) {
    make_room(now_ns);
    slices_.emplace_back(service_pid_, now_ns);
  }
  slices_.back().taken.take(sample, unwinder);
}

void Record::make_room(int64_t now_ns) {
  size_t addresses = kSliceAddressesMax;  // of the slice to come
  for (const Slice& slice : slices_) addresses += slice.taken.stacks().size();
  const int64_t oldest_ns = now_ns - kSecondsMax * base::kNsPerSecond - kSliceNs;
  while (!slices_.empty() && (addresses > kAddressesMax || slices_.front().began_ns < oldest_ns)) {
    addresses -= slices_.front().taken.stacks().size();
    slices_.pop_front();
  }
}

Result<std::string> Record::since(int64_t seconds, Form form, Unwinder& unwinder) const {
  const int64_t now_ns = base::monotonic_ns();
  const int64_t from_ns = now_ns - seconds * base::kNsPerSecond;
  TimeStacks all(service_pid_);
  int64_t began_ns = now_ns;
  for (const Slice& slice : slices_) {
    if (slice.began_ns + kSliceNs <= from_ns) continue;
    began_ns = std::min(began_ns, slice.began_ns);
    all.add(slice.taken);
  }
  ProfileHead head = all.head("CPU time", "cpu");
  head.period = all.samples() != 0 ? all.weight_ns() / static_cast<int64_t>(all.samples()) : 0;
  head.duration_ns = now_ns - began_ns;
  head.time_ns = base::real_ns() - head.duration_ns;
  head.comments.front() += ", recorded in the last " +
                           decimal(static_cast<double>(head.duration_ns) / 1e9) +
                           " s (asked: " + std::to_string(seconds) + ")";
  std::string out = form == Form::kText ? as_text(head, all.stacks(), unwinder)
                                        : encode(head, all.stacks(), unwinder);
  if (out.empty()) return failed("no memory for the profile");
  return out;
}

}  // namespace outrigger::pprof
