#include "supervisor/listeners.h"

#include <sys/stat.h>

namespace outrigger::supervisor {

void Listeners::keep(base::Fd listener) {
  struct stat status;
  if (count_ == segment::kListenersMax || fstat(listener.get(), &status) != 0 ||
      !S_ISSOCK(status.st_mode))
    return;
  for (int i = 0; i < count_; ++i) {
    struct stat kept;
    if (fstat(kept_[i].get(), &kept) == 0 && kept.st_ino == status.st_ino) return;
  }
  kept_[count_++] = std::move(listener);
}

void Listeners::write_to(segment::RoleCard& card) const {
  card.listener_count = count_;
  for (int i = 0; i < count_; ++i) card.listeners[i] = kept_[i].get();
}

}  // namespace outrigger::supervisor
