#include "keeper/cloudwatch.h"

#include <mutex>
#include <optional>
#include <utility>

#include "aws/client.h"
#include "aws/imds.h"
#include "aws/logs.h"
#include "render/time_text.h"

namespace outrigger::keeper {
namespace {

using Kind = PutOutcome::Kind;

constexpr std::chrono::milliseconds kAttemptTimeout{5'000};

PutOutcome outcome_of(const aws::Failure& failure) {
  PutOutcome outcome;
  outcome.error = failure.message;
  switch (failure.kind) {
    case aws::FailureKind::kDenied: outcome.kind = Kind::kDenied; break;
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
  explicit CloudWatch(CloudWatchNames names) : names_(std::move(names)) {}

  PutOutcome prepare() override {
    const std::lock_guard lock(mutex_);
    if (client_) return {};
    const aws::Variables variables = aws::own_variables();
    auto pool = aws::make_pool(variables);
    if (!pool) return {Kind::kRetry, {}, pool.error().message};
    auto imds = std::make_shared<aws::Imds>(variables, *pool);
    std::string region = variables("AWS_REGION");
    if (region.empty()) region = variables("AWS_DEFAULT_REGION");
    if (region.empty() && !imds->disabled()) {
      auto found = imds->get("latest/meta-data/placement/region", &cancel_);
      if (!found)
        return {Kind::kRetry,
                {},
                "no AWS region: AWS_REGION is not set, and " + found.failure().message};
      region = *found;
    }
    if (region.empty())
      return {Kind::kRetry, {}, "no AWS region: AWS_REGION is not set, and there is no metadata"};
    auto credentials =
        std::make_shared<aws::CredentialCache>(aws::find_provider(variables, *pool, imds));
    client_.emplace(aws::Client::Options{region, variables, *pool, std::move(credentials)});
    return {};
  }

  std::string_view group() const override { return names_.group; }
  std::string_view stream() const override { return names_.stream; }
  void cancel() override { cancel_.fire(); }

  PutOutcome put(std::string_view body, Coding coding, Patience patience) override {
    aws::logs::PutOptions options;
    options.encoding =
        coding == Coding::kGzip ? aws::logs::Encoding::kGzip : aws::logs::Encoding::kPlain;
    options.timeout = kAttemptTimeout;
    options.attempts = patience == Patience::kOne ? 1 : aws::kAttempts;
    auto put = aws::logs::put_log_events(*client_, body, options, &cancel_);
    if (!put && put.failure().is("ResourceNotFoundException")) {
      if (const PutOutcome made = make_stream(); made.kind != Kind::kTaken) return made;
      put = aws::logs::put_log_events(*client_, body, options, &cancel_);
    }
    if (!put) return outcome_of(put.failure());
    PutOutcome taken;
    taken.rejected = {put->too_new_start.value_or(-1), put->too_old_end.value_or(-1),
                      put->expired_end.value_or(-1)};
    return taken;
  }

 private:
  PutOutcome make_stream() {
    const std::lock_guard lock(mutex_);
    auto made = aws::logs::create_log_stream(*client_, names_.group, names_.stream, &cancel_);
    if (!made && made.failure().is("ResourceNotFoundException")) {
      if (auto group = aws::logs::create_log_group(*client_, names_.group, &cancel_); !group)
        return outcome_of(group.failure());
      // A group without it costs money for ever; but shipping does not fail for want of it.
      (void)aws::logs::put_retention_policy(*client_, names_.group, kRetentionDays, &cancel_);
      made = aws::logs::create_log_stream(*client_, names_.group, names_.stream, &cancel_);
    }
    return made ? PutOutcome{} : outcome_of(made.failure());
  }

  const CloudWatchNames names_;
  http::Cancel cancel_;
  std::mutex mutex_;
  std::optional<aws::Client> client_;  // set once, under mutex_; before the first put
};

std::string clean(std::string text, std::string_view also) {
  for (char& c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       also.find(c) != std::string_view::npos;
    if (!plain) c = '-';
  }
  return text;
}

}  // namespace

CloudWatchNames default_names(const std::string& service, const std::string& environment,
                              const std::string& instance, int64_t started_ns) {
  char time[render::TimeText::kBytes + 8];
  render::TimeText{}.write(time, started_ns);
  CloudWatchNames names;
  names.group = "/outrigger/" + clean(service, "_-.#") + "/" +
                clean(environment.empty() ? "unknown" : environment, "_-.#");
  names.stream = clean(instance.empty() ? "unknown" : instance, "_-.") + "/" +
                 clean(std::string(time, render::TimeText::kBytes), "-.");
  return names;
}

std::unique_ptr<Destination> cloudwatch(CloudWatchNames names) {
  return std::make_unique<CloudWatch>(std::move(names));
}

}  // namespace outrigger::keeper
