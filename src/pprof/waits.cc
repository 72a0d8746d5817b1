#include "pprof/waits.h"

#include <algorithm>
#include <string>

namespace outrigger::pprof {
namespace {

// A service that lies must not make the sums overflow.
constexpr uint64_t kNsMax = uint64_t{1} << 50;
constexpr uint64_t kCountMax = uint64_t{1} << 40;

}  // namespace

void Waits::add(const segment::Sample& sample, Unwinder& unwinder) {
  ++samples_;
  unwinder.unwind(sample, addresses_);
  const uint32_t for_lock = sample.wait == segment::WaitKind::kLock;
  stacks_.add(addresses_, 2 * labels_.add(labels_of(sample)) + for_lock,
              {static_cast<int64_t>(std::clamp<uint64_t>(sample.wait_count, 1, kCountMax)),
               static_cast<int64_t>(std::min(sample.weight_ns, kNsMax))});
}

std::optional<Error> Waits::missing() const {
  if (view_.service().wait_hooked.load(std::memory_order_relaxed) != 0) return {};
  return Error{ErrorKind::kUnavailable,
               "waits are not sampled: the program is linked without their hooks, or it is not at "
               "run() yet",
               {}};
}

ProfileHead Waits::head(Kind kind) const {
  const uint64_t interval = segment::wait_interval(segment::samples(view_));
  ProfileHead head;
  head.values = {{"contentions", "count"}, {"delay", "nanoseconds"}};
  head.period_type = {"contentions", "count"};
  head.period = 1;
  head.default_type = "delay";
  head.from_hooks = true;
  head.labels = labels_.all();
  head.comments.push_back("who waited" + std::string(kind == Kind::kMutex ? " for a lock" : "") +
                          ": one moment in " + std::to_string(interval / 1000) +
                          " us of waiting is sampled, in the mean; " + std::to_string(samples_) +
                          " so far");
  if (stacks_.refused() != 0)
    head.comments.push_back(std::to_string(stacks_.refused()) +
                            " samples left out: too many stacks");
  return head;
}

std::vector<Values> Waits::totals() const {
  std::vector<Values> totals;
  for (const Stacks::Stack& stack : stacks_.all()) totals.push_back(stack.values);
  return totals;
}

Stacks Waits::difference(Kind kind, const std::vector<Values>& before,
                         const std::vector<Values>& after) const {
  const auto shown = [&](uint32_t label) {
    return kind == Kind::kMutex && label % 2 == 0 ? Stacks::kNone : label / 2;
  };
  return difference_of(stacks_, shown, before, after);
}

}  // namespace outrigger::pprof
