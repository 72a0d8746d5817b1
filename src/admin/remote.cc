#include "admin/remote.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>

#include "aws/skew.h"
#include "http/client.h"
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
  constexpr std::string_view kAudience = "audience";
  if (word == "as-iam") {
    remote.as_iam = true;
  } else if (word == "plaintext") {
    remote.plaintext = true;
  } else if (word.starts_with("audience=")) {
    remote.audience = word.substr(kAudience.size() + 1);
  } else if (word == kAudience) {
    if (static_cast<size_t>(i) + 1 == words.size())
      return bad_input("--audience", "", "SERVICE/ENVIRONMENT/INSTANCE behind it");
    remote.audience = words[static_cast<size_t>(++i)];
  } else {
    return false;
  }
  return true;
}

std::string wrong_with(const Remote& remote, std::string_view url) {
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
  if (!remote.as_iam) return http::fetch_url(request);
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
  auto response = http::fetch_url(request);
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
