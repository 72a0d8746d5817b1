// Health: checks that the service runs about itself, and beats that show that it is not stuck.
//
// A check is a function that says pass, warn or fail. Each runs on a schedule of its own, in
// threads of its own; one that hangs is shown as timed out and delays neither the health page nor
// another check. What it throws counts as a failure.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

namespace outrigger {

enum class CheckStatus { kPass, kWarn, kFail };

struct CheckResult {
  CheckStatus status = CheckStatus::kPass;
  std::string output{};  // one sentence for people; up to 767 bytes are shown
};

inline CheckResult pass(std::string output = {}) { return {CheckStatus::kPass, std::move(output)}; }
inline CheckResult warn(std::string output) { return {CheckStatus::kWarn, std::move(output)}; }
inline CheckResult fail(std::string output) { return {CheckStatus::kFail, std::move(output)}; }

struct CheckOptions {
  std::chrono::milliseconds every{30'000};
  // A run that takes longer counts as failed, also while it is still under way.
  std::chrono::milliseconds timeout{5'000};
  // Its failure is the service's failure; that of an uncritical check makes the service's status
  // "warn" only.
  bool critical = true;
  // /readyz says no until it passes, and whenever it does not. Mind that a shared database which
  // blinks then takes every instance out of service at once.
  bool gates_readiness = false;
};

// The time for checks that compare times ("nothing came for a minute"): the steady clock, which a
// test can move (testing.h).
std::chrono::steady_clock::time_point check_now() noexcept;

// "I am not stuck." For programs with a loop of their own: call it once a second or oftener, from
// that loop. After the first call the service is unresponsive when no beat came for 5 seconds.
// Costs a clock reading and two stores; any thread.
void beat() noexcept;

// The same for an event loop that is not ours and that sleeps until something happens (Asio, libuv,
// Qt, a reactor of your own): once a second a task is given to `post`, which hands it to the loop,
// and the beat is given when the loop runs it. So what beats is the very queue by which the service
// is reached.
//
//     const BeatThrough beats("requests", [&](auto task) { asio::post(loop, std::move(task)); });
//
// `post` is called from a thread of its own, never twice at a time, and not again before the task
// has run. After the destructor it is not called any more, and the loop may go; a task that is
// still with the loop then does nothing.
class BeatThrough {
 public:
  using Post = std::function<void(std::function<void()> task)>;
  // `name` stands on the health page; up to 31 bytes. Throws std::system_error when there is no
  // thread to be had.
  BeatThrough(std::string name, Post post);
  ~BeatThrough();
  BeatThrough(const BeatThrough&) = delete;
  BeatThrough& operator=(const BeatThrough&) = delete;

 private:
  struct Shared;
  const std::shared_ptr<Shared> shared_;
  std::thread pacer_;
};

}  // namespace outrigger
