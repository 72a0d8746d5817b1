#include "profile/waits.h"

#include <errno.h>

#include "outrigger/profile.h"
#include "profile/chance.h"
#include "profile/copy.h"
#include "profile/process.h"

namespace outrigger::profile {
namespace {

struct OwnThread {
  Chance chance;
  uint64_t mean_ns = 0;  // by which left_ns was drawn; 0: not yet
  int64_t left_ns = 0;
  int64_t carried_ns = 0;  // of samples for which no cell was free
};
constinit thread_local OwnThread t_own;

segment::SampleShare& share() { return segment::samples(g_process.view); }

}  // namespace

int64_t wait_begins() noexcept {
  if (!is_own_process() || segment::wait_interval(share()) == 0) return 0;
  return base::monotonic_ns();
}

void wait_ends(segment::WaitKind kind, int64_t began) noexcept {
  if (began == 0 || !is_own_process()) return;
  const uint64_t mean_ns = segment::wait_interval(share());
  if (mean_ns == 0) return;
  if (t_own.mean_ns != mean_ns) {
    t_own.mean_ns = mean_ns;
    t_own.carried_ns = 0;
    t_own.left_ns = t_own.chance.draw(mean_ns);
  }
  const int64_t waited_ns = base::monotonic_ns() - began;
  t_own.left_ns -= waited_ns;
  if (t_own.left_ns >= 0) return;
  const int saved_errno = errno;
  const double count = Chance::weight(static_cast<uint64_t>(waited_ns), mean_ns, t_own.carried_ns);
  const Copy copy{.kind = segment::SampleKind::kWait,
                  .weight_ns = static_cast<uint64_t>(count * static_cast<double>(waited_ns)),
                  .wait = kind,
                  .wait_count = static_cast<uint64_t>(count + 0.5)};
  // Without a free cell the next one stands for this one too.
  t_own.carried_ns = copy_own_stack(copy) ? 0 : t_own.carried_ns + static_cast<int64_t>(mean_ns);
  t_own.left_ns = t_own.chance.draw(mean_ns);
  errno = saved_errno;
}

void set_wait_interval(std::chrono::nanoseconds interval) noexcept {
  if (is_own_process())
    segment::set_wait_interval(share(),
                               interval.count() > 0 ? static_cast<uint64_t>(interval.count()) : 0);
}

}  // namespace outrigger::profile
