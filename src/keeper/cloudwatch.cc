#include "keeper/cloudwatch.h"

#include <libdeflate.h>
#include <string.h>

#include <atomic>
#include <mutex>
#include <utility>

#include "aws/client.h"
#include "aws/endpoint.h"
#include "aws/logs.h"
#include "discovery/log_place.h"
#include "render/time_text.h"

namespace outrigger::keeper {
namespace {

using Kind = PutOutcome::Kind;

constexpr std::chrono::milliseconds kAttemptTimeout{5'000};

PutOutcome outcome_of(const aws::Failure& failure) {
  PutOutcome outcome;
  outcome.error = failure.message;
  switch (failure.kind) {
    case aws::FailureKind::kDenied:
    case aws::FailureKind::kNoCredentials: outcome.kind = Kind::kDenied; break;
    case aws::FailureKind::kRejected:
      // Of all that can be wrong with a call only these blame the events. Others pass: somebody
      // mends a role, a group, an endpoint.
      outcome.kind = failure.is("InvalidParameterException") || failure.status == 413 ||
                             failure.is("SerializationException")
                         ? Kind::kInvalid
                         : Kind::kRetry;
      break;
    default: outcome.kind = Kind::kRetry; break;
  }
  return outcome;
}

class CloudWatch final : public Destination {
 public:
  CloudWatch(CloudWatchSource source, std::shared_ptr<discovery::Access> access,
             const Settings* settings)
      : source_(std::move(source)), access_(std::move(access)), settings_(settings) {}

  PutOutcome prepare() override {
    const std::lock_guard lock(mutex_);
    if (client_ != nullptr) return {};
    const segment::SettingsAnswer* answer = nullptr;
    if (settings_ != nullptr && (answer = settings_->wait(cancel_)) == nullptr)
      return {Kind::kRetry, {}, "it ended before it was known where the log goes"};
    const auto here = access_->find(&cancel_);
    // Somebody may mend it, but nobody is to wait for that without seeing the log.
    if (here->client == nullptr) return {Kind::kDenied, {}, here->no_client};
    char started[render::TimeText::kBytes + 8];
    render::TimeText{}.write(started, source_.started_ns);
    names_ = discovery::log_place({source_.service,
                                   source_.environment,
                                   source_.instance,
                                   {started, render::TimeText::kBytes}},
                                  answer);
    is_foreign_ = !aws::configured_endpoint(aws::Service::kLogs, access_->variables()).empty();
    client_ = here->client;
    return {};
  }

  std::string_view group() const override { return names_.group; }
  std::string_view stream() const override { return names_.stream; }
  void cancel() override { cancel_.fire(); }

  PutOutcome put(std::string_view body, Coding coding, Patience patience) override {
    if (coding == Coding::kPlain) return send(body, coding, patience).outcome;
    if (!only_plain_.load(std::memory_order_relaxed)) {
      const Sent sent = send(body, coding, patience);
      if (sent.outcome.kind == Kind::kTaken) knows_gzip_.store(true, std::memory_order_relaxed);
      const bool may_not_know = is_foreign_ && !knows_gzip_.load(std::memory_order_relaxed);
      if (!sent.was_answered || !may_not_know || patience == Patience::kOne) return sent.outcome;
    }
    std::string plain;
    if (!unpack(body, plain)) return {Kind::kRetry, {}, "no memory to unpack a batch"};
    const Sent sent = send(plain, Coding::kPlain, patience);
    if (sent.outcome.kind == Kind::kTaken) only_plain_.store(true, std::memory_order_relaxed);
    return sent.outcome;
  }

 private:
  struct Sent {
    PutOutcome outcome{};
    bool was_answered = false;  // with an error that may be one about the coding
  };
  Sent send(std::string_view body, Coding coding, Patience patience) {
    aws::logs::PutOptions options;
    options.encoding =
        coding == Coding::kGzip ? aws::logs::Encoding::kGzip : aws::logs::Encoding::kPlain;
    options.timeout = kAttemptTimeout;
    options.attempts = patience == Patience::kOne ? 1 : aws::kAttempts;
    auto put = aws::logs::put_log_events(*client_, body, options, &cancel_);
    if (!put && put.failure().is("ResourceNotFoundException")) {
      if (PutOutcome made = make_stream(); made.kind != Kind::kTaken) return {std::move(made)};
      put = aws::logs::put_log_events(*client_, body, options, &cancel_);
    }
    Sent sent;
    if (put) {
      sent.outcome.rejected = {put->too_new_start.value_or(-1), put->too_old_end.value_or(-1),
                               put->expired_end.value_or(-1)};
    } else {
      const aws::FailureKind kind = put.failure().kind;
      sent.outcome = outcome_of(put.failure());
      sent.was_answered = put.failure().status != 0 && (kind == aws::FailureKind::kTransient ||
                                                        kind == aws::FailureKind::kRejected);
    }
    return sent;
  }

  static bool unpack(std::string_view gzip, std::string& text) {
    uint32_t bytes = 0;  // RFC 1952: the last four
    memcpy(&bytes, gzip.data() + gzip.size() - sizeof bytes, sizeof bytes);
    text.resize(bytes);
    libdeflate_decompressor* const with = libdeflate_alloc_decompressor();
    if (with == nullptr) return false;
    const auto result = libdeflate_gzip_decompress(with, gzip.data(), gzip.size(), text.data(),
                                                   text.size(), nullptr);
    libdeflate_free_decompressor(with);
    return result == LIBDEFLATE_SUCCESS;
  }

  PutOutcome make_stream() {
    const std::lock_guard lock(mutex_);
    const auto made = discovery::make_log_stream(*client_, names_, &cancel_);
    return made ? PutOutcome{} : outcome_of(made.failure());
  }

  const CloudWatchSource source_;
  const std::shared_ptr<discovery::Access> access_;
  const Settings* const settings_;
  http::Cancel cancel_;
  std::mutex mutex_;
  // Set once, under mutex_; before the first put.
  discovery::LogPlace names_;
  std::shared_ptr<aws::Client> client_;
  bool is_foreign_ = false;
  // An endpoint that is not AWS's own may not understand such bodies, and answers with an error of
  // some kind: then all goes plain.
  std::atomic<bool> knows_gzip_{false};
  std::atomic<bool> only_plain_{false};
};

}  // namespace

std::unique_ptr<Destination> cloudwatch(CloudWatchSource source,
                                        std::shared_ptr<discovery::Access> access,
                                        const Settings* settings) {
  return std::make_unique<CloudWatch>(std::move(source), std::move(access), settings);
}

}  // namespace outrigger::keeper
