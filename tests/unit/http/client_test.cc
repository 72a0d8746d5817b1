#include "http/client.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <semaphore>

#include "http/resolve.h"
#include "http/server.h"
#include "script_server.h"

namespace outrigger::http {
namespace {

using namespace std::chrono_literals;

Request get(std::string url) {
  Request request;
  request.url = std::move(url);
  request.timeout = 20s;
  return request;
}

std::unique_ptr<Server> start(const std::string& address, Handler handler) {
  ServerOptions options;
  options.listen = {address};
  options.handler = std::move(handler);
  auto server = Server::start(std::move(options));
  EXPECT_TRUE(server);
  return std::move(*server);
}

TEST(Client, fetches) {
  const auto server = start("127.0.0.1:0", [](const ServerRequest& request) {
    ServerResponse response;
    response.status = 201;
    response.headers = {{"X-Agent", std::string(request.header("user-agent"))}};
    response.body = std::string(request.method) + " " + std::string(request.path) + " " +
                    std::string(request.header("Host")) + " " + std::string(request.body);
    return response;
  });
  const std::string address = server->listeners().at(0).address;
  Request request = get("http://" + address + "/a%20b?c");
  request.method = "POST";
  request.body = std::string(200, 'x');
  const auto response = fetch_url(request);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->body, "POST /a b " + address + " " + request.body);
  EXPECT_EQ(response->address, address);
  EXPECT_GT(response->duration, 0us);
  const std::pair<std::string, std::string> agent("X-Agent", "outrigger");
  EXPECT_NE(std::find(response->headers.begin(), response->headers.end(), agent),
            response->headers.end());
}

TEST(Client, tries_addresses_in_turn) {
  const auto server = start("127.0.0.1:0", [](const ServerRequest&) { return ServerResponse{}; });
  const std::string port = server->listeners().at(0).address.substr(10);
  const auto response = fetch_url(get("http://localhost:" + port + "/"));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->address, "127.0.0.1:" + port);
}

TEST(Client, asks_whether_an_address_is_allowed) {
  const auto server = start("127.0.0.1:0", [](const ServerRequest&) { return ServerResponse{}; });
  const std::string address = server->listeners().at(0).address;
  Request request = get("http://" + address);
  std::string asked;
  request.allow = [&](std::string_view host, int port) {
    asked = std::string(host) + " " + std::to_string(port);
    return false;
  };
  const auto refused = fetch_url(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kRefused);
  EXPECT_EQ(refused.error().message,
            "http://" + address + ": connections to " + address + " are not allowed");
  EXPECT_EQ(asked, "127.0.0.1 " + address.substr(10));
  EXPECT_EQ(server->counts().accepted, 0u);
}

TEST(Client, an_address_in_disguise_is_judged_as_what_it_is) {
  for (const char* host : {"::ffff:127.0.0.1", "::FFFF:7f00:1"}) {
    const auto endpoints = resolve(host, 80, Deadline(1s));
    ASSERT_TRUE(endpoints) << host;
    EXPECT_EQ(endpoints->front().host, "127.0.0.1");
  }
  // What inet_aton would take for 127.0.0.1 goes to the resolver, whose answer is what `allow`
  // sees.
  Request request = get("http://2130706433/");
  request.allow = [](std::string_view host, int) { return host != "127.0.0.1"; };
  const auto response = fetch_url(request);
  ASSERT_FALSE(response);
}

TEST(Client, localhost_needs_no_resolver) {
  const auto endpoints = resolve("localhost", 80, Deadline(1s));
  ASSERT_TRUE(endpoints);
  EXPECT_EQ(endpoints->front().text(), "127.0.0.1:80");
  EXPECT_EQ(endpoints->back().text(), "[::1]:80");
}

TEST(Client, a_name_that_cannot_be_is_unavailable) {
  const auto response = fetch_url(get("http://no-such-host.invalid/"));
  ASSERT_FALSE(response);
  EXPECT_TRUE(response.error().kind == ErrorKind::kUnavailable ||
              response.error().kind == ErrorKind::kTimeout);
}

TEST(Client, nobody_listening_is_unavailable) {
  std::string address;
  { address = start("127.0.0.1:0", {})->listeners().at(0).address; }
  const auto response = fetch_url(get("http://" + address + "/path?token=secret"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(response.error().message,
            "http://" + address + ": cannot connect to " + address + ": Connection refused");
}

TEST(Client, refuses_what_would_be_more_than_one_request) {
  Request request = get("http://127.0.0.1:1/");
  request.headers = {{"X", "a\r\nY: b"}};
  EXPECT_EQ(fetch_url(request).error().kind, ErrorKind::kBadInput);
  request.headers = {{"X Y", "a"}};
  EXPECT_EQ(fetch_url(request).error().kind, ErrorKind::kBadInput);
  request.headers = {{"content-length", "5"}};
  EXPECT_EQ(fetch_url(request).error().kind, ErrorKind::kBadInput);
  request.headers.clear();
  request.method = "GET / HTTP/1.1\r\nX:";
  EXPECT_EQ(fetch_url(request).error().kind, ErrorKind::kBadInput);
}

TEST(Client, gives_up_in_time_whatever_trickles_in) {
  std::binary_semaphore over{0};
  ScriptServer server([&](int fd) {
    ScriptServer::read_header(fd);
    ScriptServer::say(fd, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 1000 && !over.try_acquire_for(10ms); ++i) ScriptServer::say(fd, "X: y\r\n");
  });
  Request request = get("http://" + server.address());
  request.timeout = 300ms;
  const auto response = fetch_url(request);
  over.release();
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::kTimeout);
  EXPECT_EQ(response.error().message,
            "http://" + server.address() +
                ": no answer within 300 ms: the time was over while waiting for the answer");
}

TEST(Client, a_longer_answer_than_asked_for_is_an_error) {
  ScriptServer server([&](int fd) {
    ScriptServer::read_header(fd);
    ScriptServer::say(fd, "HTTP/1.1 200 OK\r\n\r\n" + std::string(5000, 'x'));
  });
  Request request = get("http://" + server.address());
  request.response_bytes_max = 1000;
  const auto response = fetch_url(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(
      response.error().message,
      "http://" + server.address() + ": the answer cannot be used: it is longer than 1000 bytes");
}

TEST(Client, an_answer_that_breaks_off_is_an_error) {
  ScriptServer server([&](int fd) {
    ScriptServer::read_header(fd);
    ScriptServer::say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
  });
  const auto response = fetch_url(get("http://" + server.address()));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::kFailed);
}

TEST(Client, takes_the_answer_of_a_server_that_does_not_want_the_whole_request) {
  ScriptServer server([&](int fd) {
    ScriptServer::read_header(fd);
    ScriptServer::say(fd, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
    shutdown(fd, SHUT_WR);
    char bytes[65536];
    while (recv(fd, bytes, sizeof bytes, 0) > 0) {
    }
  });
  Request request = get("http://" + server.address());
  request.method = "PUT";
  request.body.assign(8u << 20, 'x');
  const auto response = fetch_url(request);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 413);
}

TEST(Client, follows_no_redirect) {
  ScriptServer server([&](int fd) {
    ScriptServer::read_header(fd);
    ScriptServer::say(
        fd, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
  });
  EXPECT_EQ(fetch_url(get("http://" + server.address()))->status, 302);
}

TEST(Client, speaks_through_unix_sockets_with_its_own_user_only) {
  const std::string name = "unix:@outrigger-client-test-" + std::to_string(getpid());
  const auto server = start(name, [](const ServerRequest& request) {
    ServerResponse response;
    response.body = std::string(request.path);
    return response;
  });
  const auto response = fetch_unix(name, getuid(), get("http://localhost/health"));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "/health");
  if (getuid() != 0) {
    EXPECT_EQ(fetch_unix(name, getuid() + 1, get("http://localhost/")).error().kind,
              ErrorKind::kRefused);
  }
  EXPECT_EQ(
      fetch_unix("unix:@outrigger-nobody-here", getuid(), get("http://localhost/")).error().kind,
      ErrorKind::kUnavailable);
}

}  // namespace
}  // namespace outrigger::http
