#include "aws/credential_cache.h"

#include <algorithm>

#include "aws/retry.h"

namespace outrigger::aws {
namespace {

constexpr std::chrono::milliseconds kLookForCancel{50};

Failure no_credentials(std::string message) {
  return {FailureKind::kNoCredentials, 0, {}, std::move(message), false};
}

WallTime refresh_time(const Credentials& credentials, WallTime now) {
  if (!credentials.expires) return WallTime::max();
  const auto life = std::max(*credentials.expires - now, WallTime::duration(0));
  const auto ahead = std::min<WallTime::duration>(CredentialCache::kAhead, life / 4);
  const auto jitter = std::chrono::duration_cast<WallTime::duration>(ahead * random_unit() / 2);
  return *credentials.expires - ahead - jitter;
}

}  // namespace

CredentialCache::CredentialCache(std::unique_ptr<CredentialProvider> provider)
    : provider_(std::move(provider)) {}

std::string_view CredentialCache::from() const {
  return provider_ == nullptr ? std::string_view() : provider_->name();
}

bool CredentialCache::is_fresh_locked(WallTime now) const {
  if (!held_) return false;
  // What is due waits while the last attempt has just failed.
  return (!refused_ && now < held_->refresh_at) || now < try_at_;
}

Outcome<Credentials> CredentialCache::get(WallTime now, const http::Cancel* cancel) {
  if (provider_ == nullptr) {
    return no_credentials(
        "there are no AWS credentials: neither the environment, nor a web identity, nor a "
        "container's or an instance's role gives any");
  }
  std::unique_lock lock(mutex_);
  for (;;) {
    if (is_fresh_locked(now)) return held_->credentials;
    if (!fetching_) break;
    // Somebody is at it. What is still good will do meanwhile.
    if (held_ && !refused_ && (!held_->credentials.expires || now < *held_->credentials.expires))
      return held_->credentials;
    if (cancel != nullptr && cancel->fired())
      return Failure{FailureKind::kCancelled, 0, {}, "cancelled", false};
    changed_.wait_for(lock, kLookForCancel);
  }
  fetching_ = true;
  lock.unlock();
  Outcome<Credentials> fetched = provider_->fetch(cancel);
  lock.lock();
  fetching_ = false;
  take_locked(fetched, now);
  changed_.notify_all();
  if (fetched || !held_) return fetched;
  return held_->credentials;
}

void CredentialCache::take_locked(Outcome<Credentials>& fetched, WallTime now) {
  if (fetched) {
    held_ = Held{*fetched, refresh_time(*fetched, now)};
    refused_ = false;
    try_at_ = {};
  } else if (held_ && fetched.failure().kind != FailureKind::kCancelled) {
    try_at_ = now + kAgain;
  }
}

void CredentialCache::refuse(const Credentials& refused) {
  const std::lock_guard lock(mutex_);
  if (!held_ || held_->credentials.access_key_id != refused.access_key_id ||
      held_->credentials.session_token != refused.session_token)
    return;
  refused_ = true;
}

}  // namespace outrigger::aws
