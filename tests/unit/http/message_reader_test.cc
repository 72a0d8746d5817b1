#include "http/message_reader.h"

#include <gtest/gtest.h>

namespace outrigger::http {
namespace {

constexpr size_t kHeaderMax = 1024;
constexpr size_t kBodyMax = 256;

// Feeds `bytes` in pieces of `piece` bytes, as they might arrive; returns what was left over.
template <typename Reader>
std::string feed(Reader& reader, std::string_view bytes, size_t piece) {
  std::string waiting;
  while (!bytes.empty() && reader.state() != ReadState::kComplete &&
         reader.state() != ReadState::kRejected) {
    waiting += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
    waiting.erase(0, reader.feed(waiting));
  }
  return waiting + std::string(bytes);
}

// The status that a request is rejected with, 0 when it is complete, -1 when it wants more; the
// same however the bytes are cut.
int verdict(std::string_view bytes) {
  int first = 0;
  for (const size_t piece : {bytes.size(), size_t{1}, size_t{7}}) {
    RequestReader reader(kHeaderMax, kBodyMax);
    feed(reader, bytes, piece);
    int one = -1;
    if (reader.state() == ReadState::kComplete) one = 0;
    if (reader.state() == ReadState::kRejected) one = reader.reject_status();
    if (piece == bytes.size()) first = one;
    EXPECT_EQ(one, first) << "in pieces of " << piece << ": " << bytes.substr(0, 100);
  }
  return first;
}

TEST(RequestReader, gives_what_was_sent) {
  for (const size_t piece : {1000, 1, 3}) {
    RequestReader reader(kHeaderMax, kBodyMax);
    const std::string rest =
        feed(reader,
             "PUT /log/level?level=debug&for=10m HTTP/1.1\r\nHost: a\r\nX-Odd:  b c \r\n"
             "Content-Length: 3\r\n\r\nxyzGET /next",
             piece);
    ASSERT_EQ(reader.state(), ReadState::kComplete);
    const ServerRequest request = reader.request();
    EXPECT_EQ(request.method, "PUT");
    EXPECT_EQ(request.path, "/log/level");
    EXPECT_EQ(request.parameter("for"), "10m");
    EXPECT_FALSE(request.parameter("until"));
    EXPECT_EQ(request.header("x-ODD"), "b c");
    EXPECT_EQ(request.header("absent"), "");
    EXPECT_EQ(request.body, "xyz");
    EXPECT_EQ(rest, "GET /next");
    EXPECT_TRUE(reader.keeps_alive());
  }
}

TEST(RequestReader, reads_chunks_and_ignores_their_trailer) {
  for (const size_t piece : {1000, 1, 5}) {
    RequestReader reader(kHeaderMax, kBodyMax);
    feed(reader,
         "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
         "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nHost: b\r\nX-Late: c\r\n\r\n",
         piece);
    ASSERT_EQ(reader.state(), ReadState::kComplete);
    EXPECT_EQ(reader.request().body, "abcde");
    EXPECT_EQ(reader.request().header("x-late"), "");
    EXPECT_EQ(reader.request().headers.size(), 2u);
  }
}

TEST(RequestReader, shows_head_as_get) {
  RequestReader reader(kHeaderMax, kBodyMax);
  feed(reader, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", 1000);
  EXPECT_TRUE(reader.is_head());
  EXPECT_EQ(reader.request().method, "GET");
}

TEST(RequestReader, knows_who_wants_the_connection_kept) {
  const auto keeps = [](std::string_view bytes) {
    RequestReader reader(kHeaderMax, kBodyMax);
    feed(reader, bytes, 1000);
    return reader.state() == ReadState::kComplete && reader.keeps_alive();
  };
  EXPECT_TRUE(keeps("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

TEST(RequestReader, passes_over_an_empty_line_before_a_request) {
  EXPECT_EQ(verdict("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
  RequestReader reader(kHeaderMax, kBodyMax);
  EXPECT_EQ(feed(reader, "\r\n\r\n", 1), "");
  EXPECT_EQ(reader.state(), ReadState::kNothing);
}

TEST(RequestReader, rejects_what_is_malformed) {
  EXPECT_EQ(verdict("\x16\x03\x01\x02\x01 GET / HTTP/1.1\r\n\r\n"), 400);  // TLS
  EXPECT_EQ(verdict("GET /\r\n\r\n"), 400);                                // HTTP/0.9
  EXPECT_EQ(verdict("GET / HTTP/2.0\r\n\r\n"), 505);
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\n\r\n"), 400);  // no Host
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost : a\r\n\r\n"), 400);
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"), 400);
  EXPECT_EQ(verdict("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(verdict("GET * HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(verdict("BREW / HTTP/1.1\r\nHost: a\r\n\r\n"), 501);
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n"), 417);
}

TEST(RequestReader, leaves_no_doubt_about_where_a_request_ends) {
  EXPECT_EQ(
      verdict("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
      400);
  EXPECT_EQ(verdict("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -3\r\n\r\nabc"), 400);
  EXPECT_EQ(
      verdict(
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"),
      400);
  EXPECT_EQ(
      verdict(
          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"),
      400);
  EXPECT_EQ(verdict("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n"), 501);
  EXPECT_EQ(verdict("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n"), 501);
  EXPECT_EQ(verdict("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 501);
  EXPECT_EQ(verdict("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"),
            400);
}

TEST(RequestReader, bounds_the_request_line) {
  EXPECT_EQ(verdict("GET /" + std::string(2 * kHeaderMax, 'a') + " HTTP/1.1\r\n"), 414);
  EXPECT_EQ(verdict("GET /" + std::string(2 * kHeaderMax, 'a')), 414);
}

TEST(RequestReader, bounds_the_header_though_its_fields_come_one_by_one) {
  std::string request = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 100; ++i) request += "X-" + std::to_string(i) + ": 0123456789\r\n";
  EXPECT_EQ(verdict(request), 431);
  EXPECT_EQ(verdict(request + "\r\n"), 431);
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(2 * kHeaderMax, 'a')), 431);
}

TEST(RequestReader, bounds_the_body_before_it_is_sent) {
  EXPECT_EQ(verdict("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 257\r\n\r\n"), 413);
  EXPECT_EQ(verdict("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551615\r\n\r\n"),
            413);
  EXPECT_EQ(verdict("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n101\r\n"),
            413);
  EXPECT_EQ(verdict("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "ff\r\n" +
                    std::string(255, 'x') + "\r\n2\r\n"),
            413);
}

TEST(RequestReader, bounds_a_chunk_s_header) {
  EXPECT_EQ(verdict("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "1;" +
                    std::string(40'000, 'x')),
            400);
}

TEST(ResponseReader, gives_what_was_sent) {
  for (const size_t piece : {1000, 1, 3}) {
    ResponseReader reader(kBodyMax, ResponseReader::Asked::kWithBody);
    feed(reader,
         "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
         "HTTP/1.1 200 OK\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
         piece);
    ASSERT_EQ(reader.state(), ReadState::kComplete);
    EXPECT_EQ(reader.status(), 200);
    EXPECT_EQ(reader.take_headers().front(), (std::pair<std::string, std::string>("A", "b")));
    EXPECT_EQ(reader.take_body(), "hi");
  }
}

TEST(ResponseReader, takes_a_body_without_length_until_the_end) {
  ResponseReader reader(kBodyMax, ResponseReader::Asked::kWithBody);
  feed(reader, "HTTP/1.0 200 OK\r\n\r\nall of it", 4);
  EXPECT_EQ(reader.state(), ReadState::kBody);
  EXPECT_TRUE(reader.ends_with_connection());
  reader.end();
  ASSERT_EQ(reader.state(), ReadState::kComplete);
  EXPECT_EQ(reader.take_body(), "all of it");
}

TEST(ResponseReader, rejects_an_answer_that_was_cut_off) {
  for (const char* text : {"", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nA: b\r\n",
                           "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcd",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n"}) {
    ResponseReader reader(kBodyMax, ResponseReader::Asked::kWithBody);
    feed(reader, text, 1000);
    reader.end();
    EXPECT_EQ(reader.state(), ReadState::kRejected) << text;
  }
}

TEST(ResponseReader, expects_no_body_after_head) {
  ResponseReader reader(kBodyMax, ResponseReader::Asked::kHeadOnly);
  feed(reader, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", 1000);
  EXPECT_EQ(reader.state(), ReadState::kComplete);
}

TEST(ResponseReader, bounds_the_body) {
  for (const char* head :
       {"HTTP/1.1 200 OK\r\nContent-Length: 257\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n101\r\n"}) {
    const std::string text = head + std::string(257, 'x');
    ResponseReader reader(kBodyMax, ResponseReader::Asked::kWithBody);
    feed(reader, text, 1000);
    ASSERT_EQ(reader.state(), ReadState::kRejected) << text.substr(0, 60);
    EXPECT_EQ(reader.reject_reason(), "it is longer than 256 bytes");
  }
}

}  // namespace
}  // namespace outrigger::http
