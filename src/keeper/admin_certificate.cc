#include "keeper/admin_certificate.h"

#include <chrono>
#include <utility>

#include "aws/secretsmanager.h"
#include "base/machine.h"
#include "base/threads.h"
#include "http/deadline.h"

namespace outrigger::keeper {
namespace {

constexpr std::string_view kSelfSigned = "self-signed";
constexpr std::chrono::seconds kAgain{30};
constexpr std::chrono::hours kRenewed{12};

}  // namespace

AdminCertificate::AdminCertificate(std::string wanted, std::shared_ptr<discovery::Access> access)
    : wanted_(std::move(wanted)), access_(std::move(access)) {
  if (wanted_ != kSelfSigned) {
    thread_ = base::start_thread("or-certificate", [this] { fetch_for_ever(); });
    return;
  }
  const Result<void> made = tls_->use_self_signed({base::host_name()});
  tell({made.ok(), tls_->fingerprint(), made.ok() ? "" : made.error().message});
}

AdminCertificate::~AdminCertificate() {
  ending_.fire();
  if (thread_.joinable()) thread_.join();
}

void AdminCertificate::tell(News news) {
  const std::lock_guard lock(mutex_);
  if (news.is_good == news_.is_good && news.fingerprint == news_.fingerprint &&
      news.why == news_.why)
    return;
  news_ = std::move(news);
  has_news_ = true;
}

bool AdminCertificate::take_news(News& news) {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(has_news_, false)) return false;
  news = news_;
  return true;
}

void AdminCertificate::fetch_for_ever() {
  for (;;) {
    const std::string why = fetch();
    tell({why.empty(), why.empty() ? tls_->fingerprint() : "", why});
    const http::Deadline pause(
        why.empty() ? std::chrono::milliseconds(kRenewed) : std::chrono::milliseconds(kAgain),
        &ending_);
    if (!pause.pass()) return;
  }
}

// Why there is none; the one before stays in use then.
std::string AdminCertificate::fetch() {
  if (access_ == nullptr) return "nothing is known of AWS here";
  const auto found = access_->find(&ending_);
  if (found->client == nullptr) return found->no_client;
  const auto secret = aws::secretsmanager::get_secret(*found->client, wanted_, &ending_);
  if (!secret) return secret.failure().message;
  if (!*secret) return "there is no such secret";
  const Result<void> used = tls_->use_pem(**secret);
  return used.ok() ? "" : used.error().message;
}

}  // namespace outrigger::keeper
