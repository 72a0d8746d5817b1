#include "identity/verifier.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include "aws/xml.h"
#include "base/clock.h"
#include "base/threads.h"

namespace outrigger::identity {

Verifier::Verifier(Options options)
    : options_(std::move(options)), begun_s_(now_s()), allowances_(options_.all, options_.each) {}

Verifier::~Verifier() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  cancel_.fire();
  woken_.notify_all();
  if (thread_.joinable()) thread_.join();
}

int64_t Verifier::now_s() const {
  return options_.real_s ? options_.real_s() : static_cast<int64_t>(std::time(nullptr));
}

std::optional<Verdict> Verifier::Answer::verdict() const {
  const std::lock_guard lock(mutex_);
  return verdict_;
}

Verifier::Counts Verifier::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void Verifier::settle(Answer& answer, Verdict verdict) {
  {
    const std::lock_guard lock(mutex_);
    ++(verdict == Verdict::kAllowed ? counts_.allowed : counts_.refused);
  }
  const std::lock_guard lock(answer.mutex_);
  answer.verdict_ = verdict;
}

std::optional<Verdict> Verifier::judge_locked(std::string_view authorization,
                                              std::string_view address, Token& token) {
  const int64_t now = now_s();
  auto read = read_token(authorization, found_->sts, now);
  if (!read) return Verdict::kUnproven;
  token = std::move(*read);
  // A caller whose clock is ahead may have shown it to the verifier before this one.
  if (token.signed_s < begun_s_ + kAheadSeconds) return Verdict::kUnproven;
  if (used_.contains(token.signature)) return Verdict::kUnproven;
  if (used_.size() >= kTokensMax)
    std::erase_if(used_, [&](const auto& one) { return one.second <= now; });
  if (used_.size() >= kTokensMax || !allowances_.take(address, base::monotonic_ns()))
    return Verdict::kBusy;
  used_.emplace(token.signature, token.ends_s);
  return std::nullopt;
}

std::shared_ptr<const Verifier::Answer> Verifier::ask(std::string_view authorization,
                                                      std::string_view address) {
  auto answer = std::make_shared<Answer>();
  std::optional<Verdict> verdict;
  if (!authorization.starts_with(kScheme)) verdict = Verdict::kUnproven;
  {
    const std::lock_guard lock(mutex_);
    if (!verdict && jobs_.size() >= kWaitingMax) verdict = Verdict::kBusy;
    // Most of what is no token ends here. What passes is judged by the thread again, in its order.
    if (!verdict && found_) {
      const auto read = read_token(authorization, found_->sts, now_s());
      if (!read || used_.contains(read->signature)) verdict = Verdict::kUnproven;
    }
    if (!verdict) {
      jobs_.push_back({std::string(authorization), std::string(address), answer});
      if (!thread_.joinable()) {
        try {
          thread_ = base::start_thread("or-callers", [this] { work(); });
        } catch (...) {
          jobs_.pop_back();
          verdict = Verdict::kBusy;
        }
      }
    }
  }
  if (verdict) {
    settle(*answer, *verdict);
  } else {
    woken_.notify_one();
  }
  return answer;
}

void Verifier::work() {
  for (;;) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      woken_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
      if (ending_) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    bool knows = false;
    {
      const std::lock_guard lock(mutex_);
      knows = found_ && found_->pool != nullptr;
    }
    if (!knows) {
      Found found = options_.find(&cancel_);
      const std::lock_guard lock(mutex_);
      // Without one it is looked for again with the next token.
      if (found.pool != nullptr) found_ = std::move(found);
      knows = found_.has_value();
    }
    std::optional<Verdict> verdict = knows ? std::nullopt : std::optional(Verdict::kBusy);
    Token token;
    if (!verdict) {
      const std::lock_guard lock(mutex_);
      verdict = judge_locked(job.authorization, job.address, token);
      if (!verdict) ++counts_.asked;
    }
    settle(*job.answer, verdict ? *verdict : verdict_of(token));
  }
}

// One call and no second: whoever is refused makes a new token.
Verdict Verifier::verdict_of(const Token& token) {
  http::Request request;
  request.url = found_->sts.endpoint + "/?" + token.query;
  request.headers = {{std::string(kAudienceHeader), options_.audience()},
                     {std::string(kNonceHeader), token.nonce}};
  request.timeout = kPatience;
  http::Progress progress;
  const auto response = found_->pool->send(request, {}, &cancel_, progress);
  if (!response || response->status >= 500 || response->status == 429) return Verdict::kBusy;
  if (response->status != 200) return Verdict::kUnproven;
  const auto xml = aws::Xml::parse(response->body);
  if (!xml) return Verdict::kBusy;
  const std::string caller = xml->root().text("GetCallerIdentityResult/Arn");
  const bool allowed =
      std::any_of(options_.roles.begin(), options_.roles.end(),
                  [&](const std::string& role) { return is_session_of(caller, role); });
  return allowed ? Verdict::kAllowed : Verdict::kForbidden;
}

}  // namespace outrigger::identity
