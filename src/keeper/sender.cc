#include "keeper/sender.h"

#include <utility>

#include "base/threads.h"

namespace outrigger::keeper {

Sender::Sender(Destination& destination, const BatchLimits& limits, Coding coding,
               std::function<void()> on_done)
    : destination_(destination), limits_(limits), coding_(coding), on_done_(std::move(on_done)) {
  thread_ = base::start_thread("or-send", [this] { run(); });
}

Sender::~Sender() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  woken_.notify_one();
  thread_.join();
}

void Sender::send(std::string_view text, std::vector<BatchLine> lines,
                  Destination::Patience patience) {
  built_ = false;
  text_ = text;
  lines_ = std::move(lines);
  start(patience);
}

void Sender::send_again(Destination::Patience patience) { start(patience); }

void Sender::prepare() {
  only_prepares_ = true;
  start(Destination::Patience::kOne);
}

void Sender::start(Destination::Patience patience) {
  patience_ = patience;
  state_.store(built_ ? State::kSending : State::kReading, std::memory_order_release);
  {
    const std::lock_guard lock(mutex_);
    has_work_ = true;
  }
  woken_.notify_one();
}

void Sender::shrink() {
  body_.clear();
  built_ = false;
}

void Sender::run() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      woken_.wait(lock, [this] { return has_work_ || stopped_; });
      if (stopped_) return;
      has_work_ = false;
    }
    work();
    state_.store(State::kDone, std::memory_order_release);
    on_done_();
  }
}

void Sender::work() {
  outcome_ = destination_.prepare();
  if (std::exchange(only_prepares_, false) || outcome_.kind != PutOutcome::Kind::kTaken) return;
  if (!built_) {
    body_.build(text_, lines_, destination_.group(), destination_.stream(), limits_, coding_);
    lines_ = {};
    built_ = true;
  }
  state_.store(State::kSending, std::memory_order_release);
  outcome_ = destination_.put(body_.bytes(), coding_, patience_);
}

}  // namespace outrigger::keeper
