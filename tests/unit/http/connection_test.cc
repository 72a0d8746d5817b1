#include "http/connection.h"
#include "base/clock.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <optional>
#include <stdexcept>
#include <utility>

#include "base/fd.h"
#include "http/message.h"

namespace outrigger::http {
namespace {

// One end of a socket pair is the connection's, the other the client's; steps are driven by hand.
class InTwoLooks final : public Later {
 public:
  explicit InTwoLooks(bool& left) : left_(left) {}
  ~InTwoLooks() override { left_ = true; }
  std::optional<ServerResponse> answer() override {
    if (++looks_ < 2) return {};
    ServerResponse response;
    response.body = "at last";
    return response;
  }

 private:
  bool& left_;
  int looks_ = 0;
};

// What the test gives it to say.
class Told final : public Feed {
 public:
  Told(std::optional<std::string>& news, bool& left) : news_(news), left_(left) {}
  ~Told() override { left_ = true; }
  std::optional<std::string> next(Turn turn) override {
    if (turn == Turn::kLast) return "the end\n";
    return std::exchange(news_, std::nullopt);
  }

 private:
  std::optional<std::string>& news_;
  bool& left_;
};

class ConnectionTest : public testing::Test {
 protected:
  ConnectionTest() : table_(limits_) {
    int fds[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    server_.reset(fds[0]);
    client_.reset(fds[1]);
    handler_ = [this](const ServerRequest& request) {
      ++asked_;
      ServerResponse response;
      response.content_type = "text/plain";
      response.body = std::string(request.method) + " " + std::string(request.path) + " [" +
                      std::string(request.body) + "]";
      if (request.path == "/stream") response.stream = stream_;
      if (request.path == "/throw") throw std::runtime_error("it \"broke\"");
      if (request.path == "/large") response.body.assign(4u << 20, 'x');
      if (request.path == "/feed") response.feed = std::make_shared<Told>(news_, left_);
      if (request.path == "/later") response.later = std::make_shared<InTwoLooks>(left_);
      return response;
    };
    connection_.emplace(server_.get(), Peer{}, limits_, handler_, table_);
  }
  // Another connection.
  void again() {
    connection_.reset();
    int fds[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    server_.reset(fds[0]);
    client_.reset(fds[1]);
    connection_.emplace(server_.get(), Peer{}, limits_, handler_, table_);
  }

  void send(std::string_view bytes) {
    ASSERT_EQ(write(client_.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  // What the client can read now.
  std::string received() {
    std::string all;
    char bytes[65536];
    for (ssize_t count; (count = ::read(client_.get(), bytes, sizeof bytes)) > 0;) {
      all.append(bytes, static_cast<size_t>(count));
    }
    return all;
  }
  // Goes on as long as no waiting is needed.
  Step run(Step step) {
    while (step == Step::kAnswer || step == Step::kYield) {
      yields_ += step == Step::kYield;
      step = connection_->answer();
    }
    return step;
  }
  Step read() { return run(connection_->read()); }

  ServerLimits limits_;
  ConnectionTable table_;
  Handler handler_;
  std::function<ServerResponse(const Send&)> stream_;
  base::Fd server_, client_;
  std::optional<Connection> connection_;
  int asked_ = 0;
  int yields_ = 0;
  std::optional<std::string> news_;
  bool left_ = false;
};

size_t occurrences(std::string_view text, std::string_view of) {
  size_t count = 0;
  for (size_t at = text.find(of); at != std::string_view::npos; at = text.find(of, at + 1)) ++count;
  return count;
}

TEST_F(ConnectionTest, answers_and_waits_for_more) {
  send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(read(), Step::kRead);
  const std::string answer = received();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\nGET /a []"));
  EXPECT_EQ(answer.find("Connection:"), std::string::npos);
  send("GET /b HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(read(), Step::kRead);
  EXPECT_TRUE(received().ends_with("GET /b []"));
}

TEST_F(ConnectionTest, answers_head_without_a_body_but_with_its_length) {
  send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(read(), Step::kRead);
  const std::string answer = received();
  EXPECT_NE(answer.find("Content-Length: 9\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(ConnectionTest, closes_when_asked_to) {
  send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(read(), Step::kGone);
  EXPECT_NE(received().find("Connection: close\r\n"), std::string::npos);
}

TEST_F(ConnectionTest, speaks_http_1_0) {
  send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(read(), Step::kGone);
  EXPECT_NE(received().find("Connection: close\r\n"), std::string::npos);
}

TEST_F(ConnectionTest, answers_pipelined_requests_in_order_and_yields_in_between) {
  std::string many;
  for (int i = 0; i < 40; ++i) many += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  send(many);
  EXPECT_EQ(read(), Step::kRead);
  const std::string answers = received();
  EXPECT_EQ(asked_, 40);
  EXPECT_EQ(occurrences(answers, "HTTP/1.1 200 OK"), 40u);
  EXPECT_LT(answers.find("GET /0 "), answers.find("GET /39 "));
  EXPECT_EQ(yields_, 2) << "after each 16";
}

TEST_F(ConnectionTest, says_continue_to_who_waits_for_it) {
  send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(read(), Step::kRead);
  EXPECT_EQ(received(), "HTTP/1.1 100 Continue\r\n\r\n");
  send("abc");
  EXPECT_EQ(read(), Step::kRead);
  EXPECT_TRUE(received().ends_with("POST / [abc]"));
}

TEST_F(ConnectionTest, refuses_a_large_body_before_it_is_sent) {
  send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 100000\r\n\r\n");
  EXPECT_EQ(read(), Step::kRead) << "lingers, so that the answer is not lost";
  const std::string answer = received();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 413 "));
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(asked_, 0);
  EXPECT_EQ(table_.counts().rejected, 1u);
  send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(read(), Step::kRead);
  EXPECT_EQ(asked_, 0) << "what comes after a rejected request is thrown away";
  client_.reset();
  EXPECT_EQ(read(), Step::kGone);
}

// The stream's own thread is this one: the socket pair has room for what is sent here.
TEST_F(ConnectionTest, an_answer_in_pieces_is_chunked) {
  stream_ = [](const Send& send) {
    EXPECT_TRUE(send("one\n"));
    EXPECT_TRUE(send("twenty-one bytes....\n"));
    return ServerResponse{};
  };
  this->send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_EQ(read(), Step::kStream);
  EXPECT_EQ(connection_->stream(), Step::kRead);
  const std::string answer = received();
  EXPECT_NE(answer.find("Transfer-Encoding: chunked\r\n"), std::string::npos) << answer;
  EXPECT_EQ(answer.find("Content-Length"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\n4\r\none\n\r\n15\r\ntwenty-one bytes....\n\r\n0\r\n\r\n"))
      << answer;
  this->send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(read(), Step::kRead);
  EXPECT_TRUE(received().ends_with("GET /a []")) << "the connection goes on";
}

TEST_F(ConnectionTest, a_stream_that_fails_before_its_first_piece_is_an_answer_like_any_other) {
  stream_ = [](const Send&) { return error_response(400, "no"); };
  send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_EQ(read(), Step::kStream);
  EXPECT_EQ(connection_->stream(), Step::kRead);
  const std::string answer = received();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << answer;
  EXPECT_NE(answer.find("Content-Length"), std::string::npos);
}

TEST_F(ConnectionTest, a_stream_that_fails_later_lacks_its_last_chunk) {
  for (const bool throws : {false, true}) {
    stream_ = [throws](const Send& send) {
      send("one\n");
      if (throws) throw std::runtime_error("it broke");
      ServerResponse end = error_response(500, "no");
      end.body = "why\n";
      return end;
    };
    send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_EQ(read(), Step::kStream);
    EXPECT_EQ(connection_->stream(), Step::kRead) << "lingers";
    const std::string answer = received();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
    EXPECT_NE(answer.find("4\r\none\n\r\n"), std::string::npos) << answer;
    EXPECT_NE(answer.find(throws ? "it broke" : "4\r\nwhy\n\r\n"), std::string::npos) << answer;
    EXPECT_EQ(answer.find("\r\n0\r\n"), std::string::npos) << answer;
    again();
  }
}

TEST_F(ConnectionTest, http_1_0_gets_pieces_without_frames) {
  stream_ = [](const Send& send) {
    send("one\n");
    return ServerResponse{};
  };
  send("GET /stream HTTP/1.0\r\n\r\n");
  ASSERT_EQ(read(), Step::kStream);
  EXPECT_EQ(connection_->stream(), Step::kGone);
  const std::string answer = received();
  EXPECT_TRUE(answer.ends_with("\r\n\r\none\n")) << answer;
  EXPECT_EQ(answer.find("chunked"), std::string::npos);
}

TEST_F(ConnectionTest, head_of_a_stream_runs_nothing) {
  stream_ = [](const Send&) -> ServerResponse {
    ADD_FAILURE() << "it ran";
    return {};
  };
  send("HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(read(), Step::kRead);
  EXPECT_TRUE(received().ends_with("\r\n\r\n"));
}

TEST_F(ConnectionTest, a_stream_to_nobody_ends) {
  bool taken = true;
  stream_ = [&](const Send& send) {
    client_.reset();
    taken = send("one\n");
    return ServerResponse{};
  };
  send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_EQ(read(), Step::kStream);
  EXPECT_EQ(connection_->stream(), Step::kGone);
  EXPECT_FALSE(taken);
}

TEST_F(ConnectionTest, a_client_that_never_stops_sending_is_left) {
  send("nonsense\r\n\r\n");
  EXPECT_EQ(read(), Step::kRead);
  const std::string flood(64u << 10, 'x');
  Step step = Step::kRead;
  int rounds = 0;
  for (; step == Step::kRead && rounds < 200; ++rounds) {
    (void)!write(client_.get(), flood.data(), flood.size());
    step = read();
  }
  EXPECT_EQ(step, Step::kGone);
}

TEST_F(ConnectionTest, a_stray_line_end_between_requests_is_no_request) {
  send("GET / HTTP/1.1\r\nHost: x\r\n\r\n\r\n");
  EXPECT_EQ(read(), Step::kRead);
  received();
  table_.sweep(INT64_MAX / 2);  // closes it as an idle one: no 408
  EXPECT_EQ(read(), Step::kGone);
  EXPECT_EQ(received(), "");
}

TEST_F(ConnectionTest, a_slow_header_is_answered_with_408) {
  send("GET / HTTP/1.1\r\nHo");
  EXPECT_EQ(read(), Step::kRead);
  table_.sweep(INT64_MAX / 2);
  EXPECT_EQ(read(), Step::kRead);
  EXPECT_TRUE(received().starts_with("HTTP/1.1 408 "));
  EXPECT_EQ(read(), Step::kGone);
  EXPECT_EQ(table_.counts().timed_out, 1u);
}

TEST_F(ConnectionTest, a_slow_body_is_answered_with_408) {
  send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
  EXPECT_EQ(read(), Step::kRead);
  table_.sweep(INT64_MAX / 2);
  EXPECT_EQ(read(), Step::kRead);
  EXPECT_TRUE(received().starts_with("HTTP/1.1 408 "));
}

TEST_F(ConnectionTest, an_end_in_the_middle_of_a_request_is_the_end) {
  send("GET / HTTP/1.1\r\nHo");
  EXPECT_EQ(read(), Step::kRead);
  shutdown(client_.get(), SHUT_WR);
  EXPECT_EQ(read(), Step::kGone);
  EXPECT_EQ(received(), "");
}

TEST_F(ConnectionTest, a_client_that_has_said_all_still_gets_its_answer) {
  send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  shutdown(client_.get(), SHUT_WR);
  EXPECT_EQ(read(), Step::kRead);
  EXPECT_TRUE(received().ends_with("GET /a []"));
  EXPECT_EQ(read(), Step::kGone);
}

TEST_F(ConnectionTest, what_a_handler_throws_becomes_a_500) {
  send("GET /throw HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(read(), Step::kRead);
  const std::string answer = received();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 500 "));
  EXPECT_TRUE(answer.ends_with("\"status\":500,\"detail\":\"it \\\"broke\\\"\"}\n"));
}

TEST_F(ConnectionTest, a_large_answer_waits_for_its_reader) {
  send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  Step step = read();
  EXPECT_EQ(step, Step::kWrite);
  size_t total = 0;
  for (int rounds = 0; step == Step::kWrite && rounds < 10'000; ++rounds) {
    total += received().size();
    step = connection_->write();
  }
  EXPECT_EQ(step, Step::kRead);
  total += received().size();
  EXPECT_GT(total, 4u << 20);
}

TEST_F(ConnectionTest, an_answer_that_nobody_takes_is_given_up) {
  send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(read(), Step::kWrite);
  table_.sweep(INT64_MAX / 2);
  EXPECT_EQ(connection_->write(), Step::kGone);
  EXPECT_EQ(table_.counts().timed_out, 1u);
}

TEST_F(ConnectionTest, an_answer_that_comes_later_is_asked_for_again) {
  send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(read(), Step::kLater);
  EXPECT_EQ(connection_->later(), Step::kLater);
  EXPECT_EQ(received(), "");
  EXPECT_FALSE(left_);
  EXPECT_EQ(connection_->later(), Step::kRead);
  EXPECT_TRUE(left_);
  EXPECT_TRUE(received().ends_with("\r\n\r\nat last"));
}

TEST_F(ConnectionTest, a_client_that_leaves_ends_the_work_for_its_answer) {
  send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(read(), Step::kLater);
  client_.reset();
  EXPECT_EQ(connection_->later(), Step::kGone);
  connection_.reset();
  EXPECT_TRUE(left_);
}

TEST_F(ConnectionTest, a_feed_sends_what_is_new_and_waits_otherwise) {
  news_ = "one\n";
  send("GET /feed HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(read(), Step::kFeed);
  const std::string answer = received();
  EXPECT_NE(answer.find("Transfer-Encoding: chunked\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n4\r\none\n\r\n")) << answer;
  EXPECT_EQ(connection_->feed(), Step::kFeed);
  EXPECT_EQ(received(), "");
  news_ = "two\n";
  EXPECT_EQ(connection_->feed(), Step::kFeed);
  EXPECT_EQ(received(), "4\r\ntwo\n\r\n");
  EXPECT_EQ(table_.counts().requests, 1u);
  table_.sweep(INT64_MAX / 2);
  EXPECT_EQ(connection_->feed(), Step::kFeed) << "silence has no deadline";
}

TEST_F(ConnectionTest, a_feed_ends_with_a_last_message_when_the_server_drains) {
  send("GET /feed HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(read(), Step::kFeed);
  EXPECT_TRUE(received().ends_with("\r\n\r\n"));
  table_.begin_drain(base::monotonic_ns());
  EXPECT_FALSE(table_.wait_until_quiet(std::chrono::milliseconds(0)));
  EXPECT_EQ(connection_->feed(), Step::kRead) << "lingers";
  EXPECT_TRUE(left_);
  EXPECT_EQ(received(), "8\r\nthe end\n\r\n0\r\n\r\n");
  EXPECT_TRUE(table_.wait_until_quiet(std::chrono::milliseconds(0)));
}

TEST_F(ConnectionTest, a_feed_to_nobody_ends) {
  send("GET /feed HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(read(), Step::kFeed);
  client_.reset();
  EXPECT_EQ(connection_->feed(), Step::kGone);
  connection_.reset();
  EXPECT_TRUE(left_);
}

TEST_F(ConnectionTest, a_feed_that_nobody_reads_holds_one_message_and_is_cut_off) {
  send("GET /feed HTTP/1.1\r\nHost: x\r\n\r\n");
  Step step = read();
  for (int i = 0; i < 1000 && step == Step::kFeed; ++i) {
    news_ = std::string(16u << 10, 'x');
    step = connection_->feed();
  }
  ASSERT_EQ(step, Step::kWrite) << "the kernel holds little for it";
  EXPECT_FALSE(news_.has_value());
  table_.sweep(INT64_MAX / 2);
  EXPECT_EQ(connection_->write(), Step::kGone);
  EXPECT_EQ(table_.counts().timed_out, 1u);
}

TEST_F(ConnectionTest, http_1_0_gets_a_feed_without_frames_and_head_none_of_it) {
  news_ = "one\n";
  send("HEAD /feed HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(read(), Step::kRead);
  EXPECT_TRUE(received().ends_with("\r\n\r\n"));
  EXPECT_TRUE(left_);
  send("GET /feed HTTP/1.0\r\n\r\n");
  EXPECT_EQ(read(), Step::kFeed);
  EXPECT_TRUE(received().ends_with("\r\n\r\none\n"));
}

TEST_F(ConnectionTest, while_draining_an_answer_says_that_it_is_the_last) {
  send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  table_.begin_drain(base::monotonic_ns());
  EXPECT_EQ(read(), Step::kRead);
  EXPECT_NE(received().find("Connection: close\r\n"), std::string::npos);
  client_.reset();
  EXPECT_EQ(read(), Step::kGone);
}

TEST_F(ConnectionTest, while_draining_an_idle_one_ends) {
  send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(read(), Step::kRead);
  table_.begin_drain(base::monotonic_ns());
  EXPECT_EQ(read(), Step::kGone);
}

}  // namespace
}  // namespace outrigger::http
