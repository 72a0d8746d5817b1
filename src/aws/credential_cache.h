// Credentials at hand: fetched when first asked for, refreshed ahead of their expiry. Any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "aws/credentials.h"

namespace outrigger::aws {

class CredentialCache {
 public:
  // Refreshed so long before they expire, or a quarter of their life before, whichever is less;
  // each time earlier by up to half of that at random, so that many machines do not ask at once.
  static constexpr std::chrono::seconds kAhead{5 * 60};
  // A refresh that failed is tried again after so long. The first ones are asked for whenever
  // somebody wants them.
  static constexpr std::chrono::seconds kAgain{10};

  // `provider` may be null: get() then says that there are none.
  explicit CredentialCache(std::unique_ptr<CredentialProvider> provider);

  // `now` by AWS's clock. Blocks while the first ones are fetched; later refreshes are made by one
  // of the callers while the others go on with what they have. Credentials that could not be
  // refreshed are given even when they have expired: AWS is the judge of that.
  Outcome<Credentials> get(WallTime now, const http::Cancel* cancel);

  // AWS refused these: the next get() fetches anew, if nobody has done so meanwhile.
  void refuse(const Credentials& refused);

  // "the instance's role"; empty without a provider.
  std::string_view from() const;

 private:
  struct Held {
    Credentials credentials;
    WallTime refresh_at;
  };
  bool is_fresh_locked(WallTime now) const;
  void take_locked(Outcome<Credentials>& fetched, WallTime now);

  const std::unique_ptr<CredentialProvider> provider_;
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  bool fetching_ = false;
  std::optional<Held> held_;
  bool refused_ = false;
  WallTime try_at_{};  // not before, after a failure
};

}  // namespace outrigger::aws
