#include "admin/caller.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "admin/exposure.h"
#include "http/message.h"

namespace outrigger::admin {
namespace {

using http::ServerRequest;
using http::ServerResponse;
using identity::Verdict;

// A request that outlives its connection's buffers.
class HeldRequest {
 public:
  explicit HeldRequest(const ServerRequest& from)
      : method_(from.method), path_(from.path), body_(from.body), peer_(*from.peer) {
    for (const auto& [name, value] : from.headers) headers_.emplace_back(name, value);
    request_.method = method_;
    request_.path = path_;
    request_.body = body_;
    request_.query = from.query;
    for (const auto& [name, value] : headers_) request_.headers.emplace_back(name, value);
    request_.peer = &peer_;
    request_.token = from.token;
    request_.limit = from.limit;
  }
  HeldRequest(const HeldRequest&) = delete;
  HeldRequest& operator=(const HeldRequest&) = delete;

  const ServerRequest& get() const { return request_; }

 private:
  const std::string method_;
  const std::string path_;
  const std::string body_;
  const http::Peer peer_;
  std::vector<std::pair<std::string, std::string>> headers_;
  ServerRequest request_;
};

ServerResponse answer_for(Verdict verdict) {
  switch (verdict) {
    case Verdict::kForbidden:
      return http::error_response(403, "this role is not among those that may see this");
    case Verdict::kBusy: {
      ServerResponse response =
          http::error_response(503, "who you are cannot be asked now: try again with a new token");
      response.headers.emplace_back("Retry-After", "2");
      return response;
    }
    case Verdict::kAllowed:
    case Verdict::kUnproven: break;
  }
  return unproven();
}

class WhenProven : public http::Later {
 public:
  WhenProven(const ServerRequest& request, std::shared_ptr<const identity::Verifier::Answer> asked,
             std::function<ServerResponse(const ServerRequest&)> page)
      : request_(request), asked_(std::move(asked)), page_(std::move(page)) {}

  std::optional<ServerResponse> answer() override {
    const std::optional<Verdict> verdict = asked_->verdict();
    if (!verdict) return std::nullopt;
    return *verdict == Verdict::kAllowed ? page_(request_.get()) : answer_for(*verdict);
  }

 private:
  const HeldRequest request_;
  const std::shared_ptr<const identity::Verifier::Answer> asked_;
  const std::function<ServerResponse(const ServerRequest&)> page_;
};

}  // namespace

std::string_view address_of(const http::Peer& peer) {
  const std::string_view address = peer.address;
  return address.substr(0, address.rfind(':'));
}

bool is_from(const std::vector<base::Network>& networks, const ServerRequest& request) {
  const http::Peer& peer = *request.peer;
  if (networks.empty() || peer.unix_socket) return false;
  const std::string_view address = address_of(peer);
  const auto has = [&](const base::Network& each) { return each.has(address); };
  return std::any_of(networks.begin(), networks.end(), has) && !is_of_other_site(request) &&
         is_own_name(request.header("Host"));
}

bool may_prove(const ServerRequest& request, const Access& access) {
  const http::Peer& peer = *request.peer;
  return access.verifier != nullptr &&
         request.header("Authorization").starts_with(identity::kScheme) &&
         !is_of_other_site(request) &&
         (peer.loopback || peer.unix_socket || peer.tls || access.proof_over_plaintext);
}

ServerResponse when_proven(const ServerRequest& request, identity::Verifier& verifier,
                           std::function<ServerResponse(const ServerRequest&)> page) {
  auto asked = verifier.ask(request.header("Authorization"), address_of(*request.peer));
  if (const auto verdict = asked->verdict(); verdict && *verdict != Verdict::kAllowed)
    return answer_for(*verdict);
  ServerResponse response;
  response.later = std::make_shared<WhenProven>(request, std::move(asked), std::move(page));
  return response;
}

ServerResponse unproven() {
  ServerResponse response;
  response.status = 401;
  response.content_type = "text/plain; charset=utf-8";
  response.body = "Unauthorized\n";
  response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

}  // namespace outrigger::admin
