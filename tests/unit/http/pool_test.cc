#include "http/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "http/server.h"
#include "script_server.h"

namespace outrigger::http {
namespace {

using namespace std::chrono_literals;

// Tells peers apart: who asks over the same connection has the same address.
class PoolTest : public testing::Test {
 protected:
  PoolTest() {
    ServerOptions options;
    options.listen = {"127.0.0.1:0"};
    options.limits.body_bytes = 2u << 20;
    options.threads = 4;
    options.handler = [this](const ServerRequest& request) {
      ServerResponse response;
      response.body = std::string(request.body);
      if (request.path == "/wait") {
        while (!released_) std::this_thread::sleep_for(1ms);
      }
      return response;
    };
    auto server = Server::start(std::move(options));
    EXPECT_TRUE(server);
    server_ = std::move(*server);
  }
  ~PoolTest() override { released_ = true; }

  Request to(const std::string& path) {
    Request request;
    request.url = "http://" + server_->listeners().at(0).address + path;
    request.method = "POST";
    request.timeout = 30s;
    return request;
  }

  std::atomic<bool> released_{false};
  std::unique_ptr<Server> server_;
  Progress progress_;
};

TEST_F(PoolTest, keeps_the_connection) {
  Pool pool({});
  for (int i = 0; i < 10; ++i) {
    const std::string body(static_cast<size_t>(i) * 100'000, 'x');
    const auto response = pool.send(to("/"), body, nullptr, progress_);
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->body, body);
    EXPECT_TRUE(progress_.sent_all);
    EXPECT_TRUE(progress_.answered);
    EXPECT_EQ(pool.idle_count(), 1u);
  }
}

TEST_F(PoolTest, several_at_once_have_one_each) {
  Pool pool({.idle_count_max = 3});
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int t = 0; t < 5; ++t) {
    threads.emplace_back([&] {
      Progress progress;
      for (int i = 0; i < 50; ++i) good += pool.send(to("/"), "b", nullptr, progress).ok();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 250);
  EXPECT_LE(pool.idle_count(), 3u);
  EXPECT_GE(pool.idle_count(), 1u);
}

TEST_F(PoolTest, a_connection_that_the_peer_closed_is_replaced) {
  Pool pool({});
  ASSERT_TRUE(pool.send(to("/"), "", nullptr, progress_));
  const std::string address = server_->listeners().at(0).address;
  server_.reset();
  ServerOptions options;
  options.listen = {address};
  options.handler = [](const ServerRequest&) { return ServerResponse{}; };
  auto again = Server::start(std::move(options));
  ASSERT_TRUE(again) << again.error().message;
  server_ = std::move(*again);
  const auto response = pool.send(to("/"), "", nullptr, progress_);
  EXPECT_TRUE(response) << response.error().message;
}

TEST_F(PoolTest, the_old_are_given_up) {
  Pool pool({.idle_max = 0ms});
  ASSERT_TRUE(pool.send(to("/"), "", nullptr, progress_));
  std::this_thread::sleep_for(2ms);
  ASSERT_TRUE(pool.send(to("/"), "", nullptr, progress_));
  EXPECT_EQ(pool.idle_count(), 1u) << "the first one is not kept beside the second";
  pool.close_idle();
  EXPECT_EQ(pool.idle_count(), 0u);
}

TEST_F(PoolTest, is_cut_short) {
  Pool pool({});
  Cancel cancel;
  std::thread other([&] {
    std::this_thread::sleep_for(20ms);
    cancel.fire();
  });
  const auto response = pool.send(to("/wait"), "b", &cancel, progress_);
  other.join();
  ASSERT_FALSE(response);
  EXPECT_EQ(pool.idle_count(), 0u);
  const auto later = pool.send(to("/"), "b", &cancel, progress_);
  EXPECT_FALSE(later) << "what is cancelled does not begin";
}

TEST_F(PoolTest, tells_whether_the_request_may_have_been_taken) {
  Pool pool({});
  Request request;
  request.method = "POST";
  request.timeout = 30s;
  {
    ScriptServer server([](int fd) { ScriptServer::read_header(fd); });  // and closes
    request.url = "http://" + server.address();
    ASSERT_FALSE(pool.send(request, "", nullptr, progress_));
    EXPECT_TRUE(progress_.sent_all);
    EXPECT_FALSE(progress_.answered);
  }
  {
    ScriptServer server([](int fd) {
      ScriptServer::read_header(fd);
      ScriptServer::say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    });
    request.url = "http://" + server.address();
    ASSERT_FALSE(pool.send(request, "", nullptr, progress_));
    EXPECT_TRUE(progress_.sent_all);
    EXPECT_TRUE(progress_.answered);
  }
  ASSERT_FALSE(pool.send(request, "", nullptr, progress_)) << "nobody is there";
  EXPECT_FALSE(progress_.sent_all);
  EXPECT_EQ(pool.idle_count(), 0u);
}

TEST_F(PoolTest, keeps_none_that_says_close_or_more_than_it_should) {
  Pool pool({});
  Request request;
  request.timeout = 30s;
  for (const char* answer :
       {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi there",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", "HTTP/1.1 200 OK\r\n\r\nhi"}) {
    ScriptServer server([&](int fd) {
      ScriptServer::read_header(fd);
      ScriptServer::say(fd, answer);
    });
    request.url = "http://" + server.address();
    const auto response = pool.send(request, "", nullptr, progress_);
    ASSERT_TRUE(response) << answer;
    EXPECT_EQ(response->body, "hi");
    EXPECT_EQ(pool.idle_count(), 0u) << answer;
  }
}

}  // namespace
}  // namespace outrigger::http
