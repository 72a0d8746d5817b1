// One put under way at a time, on a thread of its own: builds the body from the lines, compresses
// it where that is asked for, sends it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "keeper/batch.h"
#include "keeper/destination.h"

namespace outrigger::keeper {

class Sender {
 public:
  enum class State {
    kIdle,
    kReading,  // the lines are still needed
    kSending,  // the body has all of them
    kDone,     // outcome() says how it went
  };

  // `on_done` is called on the sender's thread.
  Sender(Destination& destination, const BatchLimits& limits, Coding coding,
         std::function<void()> on_done);
  ~Sender();  // waits for the put under way: cancel the destination first
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  // All but the thread's own work belongs to the shipping thread.
  State state() const { return state_.load(std::memory_order_acquire); }
  // The lines that it was given are in its body.
  bool has_read() const { return state() != State::kReading && built_; }
  // Precondition of both: kIdle or kDone. send() builds a body; send_again() has it still.
  // `text` stays where it is until has_read().
  void send(std::string_view text, std::vector<BatchLine> lines, Destination::Patience patience);
  void send_again(Destination::Patience patience);
  // Only finds out where to send to.
  void prepare();
  // Once done.
  const PutOutcome& outcome() const { return outcome_; }
  const std::vector<SentEvent>& events() const { return body_.events(); }
  void rest() { state_.store(State::kIdle, std::memory_order_release); }
  // Gives the buffers back; precondition: kIdle.
  void shrink();

 private:
  void start(Destination::Patience patience);
  void run();
  void work();

  Destination& destination_;
  const BatchLimits limits_;
  const Coding coding_;
  const std::function<void()> on_done_;

  std::atomic<State> state_{State::kIdle};
  // Handed over by state_.
  std::string_view text_;
  std::vector<BatchLine> lines_;
  Destination::Patience patience_ = Destination::Patience::kSeveral;
  BatchBody body_;
  bool built_ = false;
  bool only_prepares_ = false;
  PutOutcome outcome_;

  std::mutex mutex_;
  std::condition_variable woken_;
  bool has_work_ = false;  // guarded by mutex_
  bool stopped_ = false;   // likewise
  std::thread thread_;
};

}  // namespace outrigger::keeper
