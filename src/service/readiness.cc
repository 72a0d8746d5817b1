#include <utility>

#include "base/threads.h"
#include "service/lifecycle.h"

namespace outrigger {

using namespace std::chrono_literals;

bool is_ready() noexcept {
  try {
    return service::life().is_ready();
  } catch (...) {  // a mutex that cannot be locked
    return false;
  }
}

// Steps of the service's life wake it; checks are looked at twice a second, since one that hangs
// gives no sign.
ReadinessWatch::ReadinessWatch(std::function<void(bool ready)> tell)
    : watcher_(base::start_thread("or-ready", [this, tell = std::move(tell)] {
        bool told = service::life().is_ready();
        tell(told);
        // The last look comes after the end was asked for: a change before that is told too.
        for (bool last = false; !last;) {
          last = ending_;
          const service::Phase phase = service::life().phase();
          const bool now = service::life().is_ready();
          if (now != told) tell(told = now);
          if (!last) service::life().wait_for_phase_other_than(phase, ending_, 500ms);
        }
      })) {}

ReadinessWatch::~ReadinessWatch() {
  ending_ = true;
  service::life().look_again();
  watcher_.join();
}

}  // namespace outrigger
