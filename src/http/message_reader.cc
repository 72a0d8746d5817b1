#include "http/message_reader.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cstdint>
#include <optional>
#include <utility>

#include "http/message.h"
#include "http/url.h"

namespace outrigger::http {
namespace {

namespace beast = boost::beast;
using beast::error_code;
using beast::string_view;
using ParserError = beast::http::error;

constexpr size_t kResponseHeaderBytesMax = 64u << 10;
// A chunk's header or the trailer must be in one piece before Beast takes it: so much may wait for
// its end.
constexpr size_t kChunkHeaderBytesMax = 16u << 10;
constexpr size_t kLastChunkBytesMin = 5;

std::string_view to_std(string_view text) { return {text.data(), text.size()}; }

// What both directions have in common: the header's text in one string, the body in another, and a
// count of the header's bytes. The count is ours because Beast's limit is on what it has not yet
// taken, so fields that trickle in one by one would never reach it.
template <bool kRequest>
class Parser : public beast::http::basic_parser<kRequest> {
 public:
  using Base = beast::http::basic_parser<kRequest>;

  Parser(size_t header_bytes_max, size_t body_bytes_max) : header_bytes_max_(header_bytes_max) {
    this->eager(true);
    this->header_limit(static_cast<uint32_t>(header_bytes_max));
    this->body_limit(body_bytes_max);
  }

  // Feeds Beast; leaves `error` set for all that is worse than "more, please".
  size_t take(std::string_view bytes, error_code& error) {
    // Beast asserts that a last chunk it has seen begin is five bytes long by now ("0\r\n\r\n"), though they may come
    // one by one. No chunked message ends in fewer, so that fewer can wait.
    if (this->is_header_done() && this->chunked() && !this->is_done() &&
        bytes.size() < kLastChunkBytesMin) {
      return 0;
    }
    const size_t taken = this->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    const size_t waiting = bytes.size() - taken;
    if (error == ParserError::need_more) error = {};
    if (error || this->is_done()) return taken;
    if (!this->is_header_done() && header_bytes_ + waiting > header_bytes_max_) {
      error = ParserError::header_limit;
    } else if (this->is_header_done() && waiting > kChunkHeaderBytesMax) {
      error = ParserError::bad_chunk;
    }
    return taken;
  }

  std::string_view text(uint32_t begin, uint32_t size) const {
    return std::string_view(text_).substr(begin, size);
  }

  struct Field {
    uint32_t name, name_size, value, value_size;  // places in text_
  };
  std::string text_;
  std::vector<Field> fields_;
  std::string body_;
  int version_ = 11;

 protected:
  // Keeps a piece of the header. Returns its place in text_.
  uint32_t keep(string_view piece, error_code& error) {
    header_bytes_ += piece.size() + 2;
    if (header_bytes_ > header_bytes_max_) error = ParserError::header_limit;
    const auto begin = static_cast<uint32_t>(text_.size());
    text_.append(piece.data(), piece.size());
    return begin;
  }

  void on_field_impl(beast::http::field field, string_view name, string_view value,
                     error_code& error) override {
    if (this->is_header_done()) return;  // a trailer: nothing here wants one
    const uint32_t name_at = keep(name, error);
    const uint32_t value_at = keep(value, error);
    fields_.push_back({name_at, static_cast<uint32_t>(name.size()), value_at,
                       static_cast<uint32_t>(value.size())});
    if (!error) on_known_field(field, value, error);
  }
  virtual void on_known_field(beast::http::field field, string_view value, error_code& error) = 0;

  void on_body_init_impl(const boost::optional<uint64_t>&, error_code&) override {}
  size_t on_body_impl(string_view bytes, error_code&) override {
    body_.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_chunk_header_impl(uint64_t, string_view, error_code&) override {}
  size_t on_chunk_body_impl(uint64_t, string_view bytes, error_code&) override {
    body_.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_finish_impl(error_code&) override {}

 private:
  const size_t header_bytes_max_;
  size_t header_bytes_ = 0;
};

struct Rejection {
  int status = 0;
  std::string_view reason;
};

class RequestParser final : public Parser<true> {
 public:
  using Parser::Parser;

  uint32_t method_size_ = 0;  // the method is the first thing in text_
  std::optional<Target> target_;
  bool expects_continue_ = false;
  Rejection rejection_;  // set by a rule of ours, where Beast's error does not tell

  bool started() const { return method_size_ != 0; }

 private:
  void reject(int status, std::string_view reason, error_code& error) {
    rejection_ = {status, reason};
    error = ParserError::bad_value;
  }

  void on_request_impl(beast::http::verb verb, string_view method, string_view target, int version,
                       error_code& error) override {
    keep(method, error);
    method_size_ = static_cast<uint32_t>(method.size());
    version_ = version;
    if (verb == beast::http::verb::unknown) return reject(501, "this method is not known", error);
    target_ = http::parse_target(to_std(target));
    if (!target_) return reject(400, "the request's path or query is malformed", error);
    keep(target, error);
  }
  void on_response_impl(int, string_view, int, error_code&) override {}

  void on_known_field(beast::http::field field, string_view value, error_code& error) override {
    switch (field) {
      case beast::http::field::host:
        if (++hosts_ > 1) reject(400, "there are two Host headers", error);
        break;
      case beast::http::field::transfer_encoding:
        // Beast takes a body in any other coding for no body at all, and what follows for the next
        // request.
        if (!same_token(to_std(value), "chunked") || version_ < 11) {
          reject(501, "this transfer encoding is not known", error);
        }
        break;
      case beast::http::field::expect:
        expects_continue_ = same_token(to_std(value), "100-continue");
        if (!expects_continue_) reject(417, "this expectation cannot be met", error);
        break;
      default: break;
    }
  }
  void on_header_impl(error_code& error) override {
    if (version_ >= 11 && hosts_ == 0) reject(400, "the Host header is missing", error);
  }

  int hosts_ = 0;
};

class ResponseParser final : public Parser<false> {
 public:
  using Parser::Parser;
  int status_code_ = 0;

 private:
  void on_request_impl(beast::http::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int status, string_view, int version, error_code&) override {
    status_code_ = status;
    version_ = version;
  }
  void on_known_field(beast::http::field, string_view, error_code&) override {}
  void on_header_impl(error_code&) override {}
};

Rejection rejection_for(error_code error, bool line_is_whole) {
  if (error == ParserError::header_limit) {
    return line_is_whole ? Rejection{431, "the request's header is too large"}
                         : Rejection{414, "the request's path and query are too long"};
  }
  if (error == ParserError::body_limit) return {413, "the request's body is too large"};
  if (error == ParserError::bad_version) return {505, "HTTP/1.1 or HTTP/1.0 is spoken here"};
  return {400, "this is not a well-formed HTTP request"};
}

}  // namespace

struct RequestReader::State {
  State(size_t header_max, size_t body_max)
      : header_bytes_max(header_max), parser(header_max, body_max) {}
  const size_t header_bytes_max;
  RequestParser parser;
  Rejection rejection;
};

RequestReader::RequestReader(size_t header_bytes_max, size_t body_bytes_max)
    : state_(std::make_unique<State>(header_bytes_max, body_bytes_max)) {}
RequestReader::~RequestReader() = default;
RequestReader::RequestReader(RequestReader&&) noexcept = default;
RequestReader& RequestReader::operator=(RequestReader&&) noexcept = default;

size_t RequestReader::feed(std::string_view bytes) {
  RequestParser& parser = state_->parser;
  size_t taken = 0;
  if (!parser.got_some()) {
    // An empty line before a request is passed over (RFC 9112, 2.2).
    taken = std::min(bytes.find_first_not_of("\r\n"), bytes.size());
    if (taken == bytes.size()) return taken;
  }
  error_code error;
  const bool line_is_whole =
      parser.started() ||
      bytes.substr(taken, state_->header_bytes_max).find('\n') != std::string_view::npos;
  taken += parser.take(bytes.substr(taken), error);
  if (error) {
    state_->rejection =
        parser.rejection_.status != 0 ? parser.rejection_ : rejection_for(error, line_is_whole);
  }
  return taken;
}

ReadState RequestReader::state() const {
  if (state_->rejection.status != 0) return ReadState::kRejected;
  if (!state_->parser.got_some()) return ReadState::kNothing;
  if (state_->parser.is_done()) return ReadState::kComplete;
  return state_->parser.is_header_done() ? ReadState::kBody : ReadState::kHead;
}

int RequestReader::reject_status() const { return state_->rejection.status; }
std::string_view RequestReader::reject_reason() const { return state_->rejection.reason; }
bool RequestReader::is_head() const {
  return state_->parser.text(0, state_->parser.method_size_) == "HEAD";
}
bool RequestReader::is_1_0() const { return state_->parser.version_ < 11; }
bool RequestReader::keeps_alive() const { return state_->parser.keep_alive(); }
bool RequestReader::expects_continue() const {
  return state_->parser.expects_continue_ && state_->parser.version_ >= 11;
}

ServerRequest RequestReader::request() const {
  const RequestParser& parser = state_->parser;
  ServerRequest request;
  request.method = is_head() ? std::string_view("GET") : parser.text(0, parser.method_size_);
  request.path = parser.target_->path;
  request.query = parser.target_->query;
  request.headers.reserve(parser.fields_.size());
  for (const auto& field : parser.fields_) {
    request.headers.emplace_back(parser.text(field.name, field.name_size),
                                 parser.text(field.value, field.value_size));
  }
  request.body = parser.body_;
  return request;
}

struct ResponseReader::State {
  size_t body_bytes_max;
  Asked asked;
  std::optional<ResponseParser> parser;
  std::string reason;

  void begin() {
    parser.emplace(kResponseHeaderBytesMax, body_bytes_max);
    if (asked == Asked::kHeadOnly) parser->skip(true);
  }
  // 101 ends the HTTP on a connection, and nobody here asks for that; it is not passed over.
  bool interim() const {
    return parser->is_done() && parser->status_code_ / 100 == 1 && parser->status_code_ != 101;
  }
};

ResponseReader::ResponseReader(size_t body_bytes_max, Asked asked)
    : state_(new State{body_bytes_max, asked, std::nullopt, {}}) {
  state_->begin();
}
ResponseReader::~ResponseReader() = default;

size_t ResponseReader::feed(std::string_view bytes) {
  size_t taken = 0;
  error_code error;
  do {
    taken += state_->parser->take(bytes.substr(taken), error);
    if (error == ParserError::body_limit) {
      state_->reason = "it is longer than " + std::to_string(state_->body_bytes_max) + " bytes";
    } else if (error) {
      state_->reason = "it is not well-formed HTTP (" + error.message() + ")";
    }
    if (error || !state_->interim()) break;
    state_->begin();
  } while (taken < bytes.size());
  return taken;
}

void ResponseReader::end() {
  error_code error = ParserError::partial_message;
  if (state_->parser->got_some()) state_->parser->put_eof(error);
  if (error && state_->reason.empty()) state_->reason = "it ended in the middle";
}

ReadState ResponseReader::state() const {
  if (!state_->reason.empty()) return ReadState::kRejected;
  if (!state_->parser->got_some()) return ReadState::kNothing;
  if (state_->parser->is_done()) return ReadState::kComplete;
  return state_->parser->is_header_done() ? ReadState::kBody : ReadState::kHead;
}
std::string_view ResponseReader::reject_reason() const { return state_->reason; }
bool ResponseReader::ends_with_connection() const {
  return state_->parser->is_header_done() && state_->parser->need_eof();
}
bool ResponseReader::keeps_alive() const {
  return !ends_with_connection() && state_->parser->keep_alive() && status() != 101;
}
int ResponseReader::status() const { return state_->parser->status_code_; }

std::vector<std::pair<std::string, std::string>> ResponseReader::take_headers() {
  std::vector<std::pair<std::string, std::string>> headers;
  const ResponseParser& parser = *state_->parser;
  for (const auto& field : parser.fields_) {
    headers.emplace_back(parser.text(field.name, field.name_size),
                         parser.text(field.value, field.value_size));
  }
  return headers;
}
std::string ResponseReader::take_body() { return std::exchange(state_->parser->body_, {}); }

}  // namespace outrigger::http
