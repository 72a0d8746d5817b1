#include "ops/discovered.h"

#include "base/threads.h"
#include "discovery/discover.h"
#include "http/deadline.h"

namespace outrigger::ops {

Result<std::string> discover(std::string_view declarations, std::chrono::milliseconds budget) {
  const auto wanted = discovery::parse_wanted(declarations);
  if (!wanted) return failed("the declarations cannot be read");
  http::Cancel cancel, done;
  // Ends what is asked once the budget is over, and itself once there is nothing more to end.
  std::thread watch = base::start_thread("or-budget", [&] {
    if (http::Deadline(budget, &done).pass()) cancel.fire();
  });
  discovery::Access access;
  const auto answer = discovery::discover(*wanted, access, &cancel);
  done.fire();
  watch.join();
  return segment::encode(answer);
}

}  // namespace outrigger::ops
