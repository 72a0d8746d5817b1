#include "aws/client.h"

#include <charconv>
#include <optional>

namespace outrigger::aws {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kUserAgent = "outrigger";

Failure cancelled() { return {FailureKind::kCancelled, 0, {}, "cancelled", false}; }

Failure without_answer(const Error& error, const http::Progress& progress) {
  Failure failure{FailureKind::kTransient, 0, {}, error.message, progress.sent_all};
  if (error.kind == ErrorKind::kRefused) failure.kind = FailureKind::kUntrusted;
  if (error.kind == ErrorKind::kBadInput) failure.kind = FailureKind::kRejected;
  return failure;
}

std::optional<milliseconds> retry_after(const http::Response& response) {
  const std::string_view text = header_of(response, "x-amz-retry-after");
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return milliseconds(std::min<int64_t>(value, 3'600'000));
}

}  // namespace

// What an attempt leaves for the next one.
struct Client::Attempt {
  std::optional<milliseconds> retry_after;
  bool skew_changed = false;
};

Outcome<http::Response> Client::attempt(const Call& call, const Credentials& credentials,
                                        const http::Cancel* cancel, Attempt& notes) {
  notes = {};
  std::string endpoint = endpoint_url(call.service, options_.region, options_.variables);
  if (!call.host_prefix.empty() && configured_endpoint(call.service, options_.variables).empty())
    endpoint.insert(std::string_view("https://").size(), call.host_prefix);
  http::Request request;
  request.url = endpoint + std::string(call.path);
  if (!call.query.empty()) request.url.append("?").append(call.query);
  request.method = call.method;
  request.timeout = call.timeout;
  request.response_bytes_max = call.answer_bytes_max;
  const auto url = http::parse_url(request.url);
  if (!url) {
    return Failure{FailureKind::kRejected,
                   0,
                   {},
                   "the endpoint " + endpoint + " is no URL: " + url.error().message,
                   false};
  }
  request.headers = call.headers;
  request.headers.emplace_back("Host", url->authority);
  if (call.is_signed) {
    const auto now = std::chrono::floor<std::chrono::seconds>(skew_.now());
    const std::string_view target = url->target;
    const Headers added =
        sign({.method = request.method,
              .path = target.substr(0, target.find('?')),  // an endpoint's own path, too
              .query = call.query,
              .headers = request.headers,
              .body = call.body,
              .region = options_.region,
              .service = signing_name(call.service),
              .unix_seconds = now.time_since_epoch().count(),
              .path_rule =
                  call.service == Service::kS3 ? ToSign::Path::kAsItIs : ToSign::Path::kNormalized},
             credentials);
    request.headers.insert(request.headers.end(), added.begin(), added.end());
  }
  request.headers.emplace_back("User-Agent", kUserAgent);

  http::Progress progress;
  auto response = options_.pool->send(request, call.body, cancel, progress);
  if (!response) {
    Failure failure = without_answer(response.error(), progress);
    if (cancel != nullptr && cancel->fired()) failure.kind = FailureKind::kCancelled;
    return failure;
  }
  // On the error path as well: that is where a wrong clock shows first.
  notes.skew_changed = skew_.note(header_of(*response, "Date"), std::chrono::system_clock::now());
  if (response->status >= 200 && response->status < 300) return std::move(*response);
  notes.retry_after = retry_after(*response);
  Failure failure = failure_of(*response);
  failure.message = endpoint + ": " + failure.message;
  return failure;
}

Outcome<http::Response> Client::call(const Call& call, const http::Cancel* cancel) {
  RetryQuota& quota = quotas_[static_cast<size_t>(call.service)];
  int taken = 0;  // by the last retry
  bool refreshed = false, corrected = false;
  for (int retry = 0;;) {
    if (cancel != nullptr && cancel->fired()) return cancelled();
    Credentials credentials;
    if (call.is_signed) {
      auto held = options_.credentials->get(skew_.now(), cancel);
      if (!held) return held.failure();
      credentials = std::move(*held);
    }
    Attempt notes;
    auto answer = attempt(call, credentials, cancel, notes);
    if (answer) {
      quota.give_back(taken);
      return answer;
    }
    const Failure& failure = answer.failure();
    if (failure.kind == FailureKind::kExpired && !refreshed) {
      refreshed = true;
      options_.credentials->refuse(credentials);
      continue;
    }
    if (notes.skew_changed && !corrected && failure.status / 100 == 4) {
      corrected = true;
      continue;
    }
    if (!failure.may_pass() || retry + 1 >= call.attempts) return answer;
    const auto cost = quota.take(failure.kind);
    if (!cost) return answer;
    taken = *cost;
    const auto pause = backoff(failure.kind, retry++, random_unit(), notes.retry_after);
    if (!http::Deadline(pause, cancel).pass()) return cancelled();
  }
}

Result<std::shared_ptr<http::Pool>> make_pool(const Variables& variables) {
  http::Pool::Options options;
  if (const std::string path = variables("AWS_CA_BUNDLE"); !path.empty()) {
    auto trust = http::Trust::of_file(path);
    if (!trust) return failed("AWS_CA_BUNDLE: " + trust.error().message);
    options.trust = std::move(*trust);
  }
  return std::make_shared<http::Pool>(std::move(options));
}

}  // namespace outrigger::aws
