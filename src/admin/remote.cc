#include "admin/remote.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>

#include "aws/skew.h"
#include "http/client.h"
#include "http/trust.h"
#include "identity/caller.h"
#include "identity/token.h"

namespace outrigger::admin {
namespace {

bool is_loopback(std::string_view address) {
  return address.starts_with("127.") || address == "::1";
}

// SERVICE/ENVIRONMENT/INSTANCE
bool is_audience(std::string_view text) {
  return std::count(text.begin(), text.end(), '/') >= 2 && !text.starts_with('/') &&
         !text.ends_with('/') && text.find("//") == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
}

// A clock that is off is the likeliest reason that nobody is told.
std::string why_unproven(const http::Response& response, std::string_view audience) {
  std::string why = "it does not believe the proof (HTTP status 401): is it " +
                    std::string(audience) +
                    ", does it allow roles, and is its region this AWS_REGION?";
  for (const auto& [name, value] : response.headers) {
    if (name != "Date" && name != "date") continue;
    const auto its = aws::Skew::unix_seconds_of(value);
    const int64_t ahead = its ? static_cast<int64_t>(std::time(nullptr)) - *its : 0;
    if (ahead > identity::kAheadSeconds || ahead < -identity::kLifeSeconds / 2)
      why += " This machine's clock is " + std::to_string(std::abs(ahead)) + " s " +
             (ahead > 0 ? "ahead of" : "behind") + " its own.";
  }
  return why;
}

Result<http::Response> fetch(const http::Request& request, const Remote& remote) {
  if (remote.fingerprint.empty()) return http::fetch_url(request);
  const auto trust = http::Trust::of_fingerprint(remote.fingerprint);
  if (!trust) return trust.error();
  return http::fetch_trusting(request, **trust);
}

}  // namespace

bool take_url(std::string_view word, std::string& url) {
  if (!url.empty() || word.find("://") == std::string_view::npos) return false;
  url = word;
  while (url.ends_with('/')) url.pop_back();
  return true;
}

Result<bool> take_remote_word(const std::vector<std::string_view>& words, int& i, Remote& remote) {
  std::string_view word = words[static_cast<size_t>(i)];
  if (!word.starts_with('-')) return false;
  word.remove_prefix(word.starts_with("--") ? 2 : 1);
  const size_t equals = std::min(word.find('='), word.size());
  const std::string_view name = word.substr(0, equals);
  if (word == "as-iam" || word == "plaintext") {
    (word == "as-iam" ? remote.as_iam : remote.plaintext) = true;
    return true;
  }
  if (name != "audience" && name != "fingerprint") return false;
  std::string& value = name == "audience" ? remote.audience : remote.fingerprint;
  if (equals < word.size()) {
    value = word.substr(equals + 1);
  } else if (static_cast<size_t>(i) + 1 < words.size()) {
    value = words[static_cast<size_t>(++i)];
  } else {
    return bad_input("--" + std::string(name), "", "a value behind it");
  }
  return true;
}

std::string wrong_with(const Remote& remote, std::string_view url) {
  if (!remote.fingerprint.empty() && !url.starts_with("https://"))
    return "--fingerprint belongs to an https URL";
  if (!remote.as_iam) {
    if (!remote.audience.empty() || remote.plaintext)
      return "--audience and --plaintext belong to --as-iam";
    return {};
  }
  if (url.empty()) return "--as-iam needs the URL of an admin port: http://HOST:8081";
  if (!is_audience(remote.audience))
    return bad_input(
               "--audience", remote.audience,
               "SERVICE/ENVIRONMENT/INSTANCE of the one that is asked, as its own health page "
               "shows them: prober/production/i-0123456789abcdef0")
        .message;
  return {};
}

Result<http::Response> ask_remote(http::Request request, const Remote& remote) {
  if (!remote.as_iam) return fetch(request, remote);
  auto proof = identity::authorization_for(remote.audience, aws::own_variables());
  if (!proof) return proof.error();
  request.headers.emplace_back("Authorization", std::move(*proof));
  bool kept_back = false;
  if (!request.url.starts_with("https://") && !remote.plaintext) {
    request.allow = [&kept_back](std::string_view address, int) {
      kept_back = !is_loopback(address);
      return !kept_back;
    };
  }
  auto response = fetch(request, remote);
  if (!response && kept_back)
    return Error{
        ErrorKind::kRefused,
        "a proof of identity goes over TLS alone, or to this machine: give an https URL, or "
        "--plaintext where the network may be trusted",
        {}};
  if (response && response->status == 401) return failed(why_unproven(*response, remote.audience));
  // A health page that fails has the status too, and no such header.
  const auto is_retry = [](const auto& header) { return header.first == "Retry-After"; };
  if (response && response->status == 503 &&
      std::any_of(response->headers.begin(), response->headers.end(), is_retry))
    return Error{ErrorKind::kUnavailable,
                 "it cannot ask STS now, or is asked too often: try again in some seconds",
                 {}};
  if (response && response->status == 403)
    return Error{ErrorKind::kRefused, "this role is not among those that it allows", {}};
  return response;
}

}  // namespace outrigger::admin
