// For tests of the client: a server that answers as it is told and keeps what it was asked, and a
// client that knows it by AWS's variables.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "aws/client.h"
#include "http/server.h"

namespace outrigger::aws {

class FakeAws {
 public:
  struct Asked {
    std::string method;
    std::string path;
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
  };
  struct Answer {
    int status = 200;
    std::string body = "{}";
    std::vector<std::pair<std::string, std::string>> headers{};
  };

  FakeAws() {
    http::ServerOptions options;
    options.listen = {"127.0.0.1:0"};
    options.limits.body_bytes = 2u << 20;
    options.handler = [this](const http::ServerRequest& request) { return answer(request); };
    auto server = http::Server::start(std::move(options));
    EXPECT_TRUE(server);
    server_ = std::move(*server);
  }

  std::string url() const { return "http://" + server_->listeners().at(0).address; }

  // Given in turn; afterwards, and before, `usual`.
  void then(Answer answer) {
    const std::lock_guard lock(mutex_);
    answers_.push_back(std::move(answer));
  }
  void usually(Answer answer) {
    const std::lock_guard lock(mutex_);
    usual_ = std::move(answer);
  }
  // By path, for the metadata services.
  void at(std::string path, Answer answer) {
    const std::lock_guard lock(mutex_);
    places_[std::move(path)] = std::move(answer);
  }
  std::vector<Asked> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  http::ServerResponse answer(const http::ServerRequest& request) {
    const std::lock_guard lock(mutex_);
    Asked& asked = asked_.emplace_back();
    asked.method = request.method;
    asked.path = request.path;
    asked.body = request.body;
    for (const auto& [name, value] : request.headers) {
      std::string lower(name);
      for (char& c : lower) c = static_cast<char>(std::tolower(c));
      asked.headers[lower] = value;
    }
    Answer given = usual_;
    if (const auto place = places_.find(asked.path); place != places_.end()) {
      given = place->second;
    } else if (!answers_.empty()) {
      given = std::move(answers_.front());
      answers_.pop_front();
    }
    http::ServerResponse response;
    response.status = given.status;
    response.body = std::move(given.body);
    response.headers = std::move(given.headers);
    return response;
  }

  mutable std::mutex mutex_;  // guards all below
  std::deque<Answer> answers_;
  std::map<std::string, Answer> places_;
  Answer usual_;
  std::vector<Asked> asked_;
  std::unique_ptr<http::Server> server_;
};

inline Variables variables_of(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const char* name) {
    const auto found = values.find(name);
    return found == values.end() ? std::string() : found->second;
  };
}

// Gives in turn what it was made with, the last one for ever; counts.
class GivenProvider final : public CredentialProvider {
 public:
  explicit GivenProvider(std::vector<Outcome<Credentials>> given) : given_(std::move(given)) {}
  Outcome<Credentials> fetch(const http::Cancel*) override {
    const int call = fetches++;
    return given_[std::min<size_t>(static_cast<size_t>(call), given_.size() - 1)];
  }
  std::string_view name() const override { return "the test"; }
  std::atomic<int> fetches{0};

 private:
  std::vector<Outcome<Credentials>> given_;
};

inline Credentials credentials_named(const std::string& name,
                                     std::optional<WallTime> expires = std::nullopt) {
  return {name, "secret of " + name, "token of " + name, expires};
}

inline std::unique_ptr<Client> client_of(const FakeAws& aws,
                                         std::unique_ptr<CredentialProvider> provider = nullptr) {
  if (provider == nullptr) {
    provider = std::make_unique<GivenProvider>(
        std::vector<Outcome<Credentials>>{credentials_named("AKIDFIRST")});
  }
  return std::make_unique<Client>(
      Client::Options{.region = "eu-west-1",
                      .variables = variables_of({{"AWS_ENDPOINT_URL", aws.url()}}),
                      .pool = std::make_shared<http::Pool>(http::Pool::Options{}),
                      .credentials = std::make_shared<CredentialCache>(std::move(provider))});
}

}  // namespace outrigger::aws
