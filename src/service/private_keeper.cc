#include "service/private_keeper.h"

#include <sys/eventfd.h>

#include "log/attach.h"
#include "segment/mapping.h"
#include "service/say.h"
#include "supervisor/crew.h"

namespace outrigger::service {

PrivateKeeper::PrivateKeeper(const Declared& declared) {
  const ops::Table* door = ops::table();
  if (door == nullptr) return;
  char why[200];
  segment_.reset(segment::create(why, sizeof why));
  // The mapping stays until the process ends: other threads may be about to log.
  void* mapped = segment_ ? segment::map(segment_.get()) : nullptr;
  if (mapped == nullptr) {
    say_error(declared.parts.options.name, segment_ ? "no memory for the log" : why);
    return;
  }
  service_bell_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  keeper_bell_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  segment::RoleCard card = supervisor::kBlankCard;
  card.segment = segment_.get();
  card.service_bell = service_bell_.get();
  card.keeper_bell = keeper_bell_.get();
  log::set_level_number(declared.options.level);
  log::attach(mapped);
  publish(segment::View(mapped), declarations_json(declared));
  Result<std::unique_ptr<ops::KeeperThread>> keeper = door->keeper_thread(card, false);
  if (keeper.ok()) {
    keeper_ = std::move(*keeper);
  } else {
    log::detach();
    say_error(declared.parts.options.name, keeper.error().message);
  }
}

PrivateKeeper::~PrivateKeeper() {
  if (keeper_ == nullptr) return;
  keeper_.reset();
  log::detach();
}

}  // namespace outrigger::service
