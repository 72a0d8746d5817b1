// Who shows a token, and whether he is let in: asks STS, once for each token, and seldom.
//
//   header ─ form, endpoint, action, time ─ seen before? ─ too many? ─► a thread of its own asks STS ─► role
//          └──────────── refused at once, STS not asked ────────────┘
//
// A token is good once: what STS said of it is kept for as long as it could be shown again, and shown
// again it is refused. The memory is this process's; since a successor does not have it, tokens that
// were made before a verifier was are refused as well. Nothing is opened, read or started before the
// first token that looks like one.
//
// Threads: ask() never blocks; any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "http/cancel.h"
#include "http/pool.h"
#include "identity/allowance.h"
#include "identity/token.h"

namespace outrigger::identity {

enum class Verdict {
  kAllowed,
  kForbidden,  // it is known who that is, and he is not among the roles
  kUnproven,   // anything else about the token
  kBusy,       // too many ask, or STS does not answer: a new token later may do
};

class Verifier {
 public:
  struct Found {
    Sts sts;
    std::shared_ptr<http::Pool> pool;  // null: STS cannot be asked
  };
  struct Options {
    // Where STS is. Called on the verifier's thread, when the first token comes; may block.
    std::function<Found(const http::Cancel*)> find;
    // SERVICE/ENVIRONMENT/INSTANCE of this one; when STS is asked.
    std::function<std::string()> audience;
    std::vector<std::string> roles;   // "arn:aws:iam::123456789012:role/Operators"
    std::function<int64_t()> real_s;  // seconds since 1970; null: the machine's
    // Calls of STS: of all, and of one address.
    Allowance all{5, 20};
    Allowance each{2, 10};
  };
  // What is remembered, and waits, at most. What does not fit is answered with kBusy.
  static constexpr size_t kTokensMax = 4096;
  static constexpr size_t kWaitingMax = 16;
  static constexpr std::chrono::milliseconds kPatience{3'000};

  explicit Verifier(Options options);
  ~Verifier();
  Verifier(const Verifier&) = delete;
  Verifier& operator=(const Verifier&) = delete;

  // The answer, once it is there. Any thread.
  class Answer {
   public:
    std::optional<Verdict> verdict() const;

   private:
    friend class Verifier;
    mutable std::mutex mutex_;
    std::optional<Verdict> verdict_;  // guarded by mutex_
  };
  // `authorization`: the header's value; `address`: the caller's, without a port.
  std::shared_ptr<const Answer> ask(std::string_view authorization, std::string_view address);

  // Since the start. `asked`: calls of STS.
  struct Counts {
    uint64_t allowed = 0;
    uint64_t refused = 0;
    uint64_t asked = 0;
  };
  Counts counts() const;

 private:
  struct Job {
    std::string authorization;
    std::string address;
    std::shared_ptr<Answer> answer;
  };
  // Before STS: nothing when it is to be asked.
  std::optional<Verdict> judge_locked(std::string_view authorization, std::string_view address,
                                      Token& token);
  void settle(Answer& answer, Verdict verdict);
  void work();
  Verdict verdict_of(const Token& token);
  int64_t now_s() const;

  const Options options_;
  const int64_t begun_s_;
  http::Cancel cancel_;
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable woken_;
  bool ending_ = false;
  std::optional<Found> found_;
  std::deque<Job> jobs_;
  std::map<std::string, int64_t, std::less<>> used_;  // signature -> when it is over
  Allowances allowances_;
  Counts counts_;
  std::thread thread_;
};

}  // namespace outrigger::identity
