#include "http/connection.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <exception>
#include <utility>

#include "base/clock.h"
#include "http/deadline.h"
#include "http/message.h"

namespace outrigger::http {
namespace {

constexpr size_t kReadBytes = 16u << 10;
constexpr size_t kDiscardBytesMax = 1u << 20;
// So many pipelined requests are answered before the other connections get a turn.
constexpr unsigned kAnswersInRow = 16;
// What the kernel keeps for a client of a feed that does not read; beyond it the time of a write
// runs. The kernel doubles it.
constexpr int kFeedBufferBytes = 64 << 10;

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

// As a chunk of its own; an empty one would be the last.
void append_chunk(std::string_view piece, std::string& out) {
  if (piece.empty()) return;
  char size[20];
  const auto end = std::to_chars(size, size + sizeof size, piece.size(), 16);
  out.append(size, end.ptr).append("\r\n").append(piece).append("\r\n");
}

}  // namespace

Connection::Connection(int fd, Peer peer, const ServerLimits& limits, const Handler& handler,
                       ConnectionTable& table)
    : fd_(fd),
      peer_(std::move(peer)),
      limits_(limits),
      handler_(handler),
      table_(table),
      place_(table.enter(fd, base::monotonic_ns())) {}

Connection::~Connection() { table_.leave(place_); }

Step Connection::read() {
  // On the stack, not in the connection: thousands of idle ones must not hold a buffer each.
  char bytes[kReadBytes];
  const ssize_t count = recv(fd_, bytes, sizeof bytes, MSG_DONTWAIT);
  if (count < 0) return would_block(errno) ? Step::kRead : Step::kGone;
  if (phase_ == Phase::kLingering) {
    discarded_ += static_cast<size_t>(count);
    return count == 0 || discarded_ > kDiscardBytesMax ? Step::kGone : Step::kRead;
  }
  if (count == 0) return cut_off();
  answered_in_row_ = 0;
  const std::string_view arrived(bytes, static_cast<size_t>(count));
  if (waiting_.empty()) return take(arrived);
  waiting_ += arrived;
  return take(waiting_);
}

// `bytes` are what waited and what arrived; what is not taken waits on.
Step Connection::take(std::string_view bytes) {
  const Phase before = phase_;
  if (!reader_) reader_.emplace(limits_.header_bytes, limits_.body_bytes);
  const size_t taken = reader_->feed(bytes);
  if (bytes.data() == waiting_.data()) {
    waiting_.erase(0, taken);
  } else {
    waiting_.assign(bytes.substr(taken));
  }
  return after_feed(before);
}

Step Connection::after_feed(Phase before) {
  switch (reader_->state()) {
    case ReadState::kRejected: return reject(reader_->reject_status(), reader_->reject_reason());
    case ReadState::kNothing: return Step::kRead;
    case ReadState::kHead: phase_ = Phase::kHead; break;
    case ReadState::kBody:
      phase_ = Phase::kBody;
      if (reader_->expects_continue() && !continued_) {
        constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
        // Should there be no room, the client sends its body after a while all the same.
        (void)::send(fd_, kContinue.data(), kContinue.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        continued_ = true;
      }
      break;
    case ReadState::kComplete: phase_ = Phase::kBusy; break;
  }
  if (phase_ != before) {
    const Cut cut = table_.move(place_, phase_, base::monotonic_ns());
    if (cut == Cut::kSlow) return reject(408, "the request took too long to arrive");
    if (cut == Cut::kEvicted) return Step::kGone;
  }
  if (phase_ != Phase::kBusy) return Step::kRead;
  return ++answered_in_row_ > kAnswersInRow ? Step::kYield : Step::kAnswer;
}

Step Connection::answer() {
  if (answered_in_row_ > kAnswersInRow) answered_in_row_ = 0;
  ServerResponse response;
  try {
    ServerRequest request = reader_->request();
    request.peer = &peer_;
    request.token = table_.token(place_);
    request.limit = [this](std::chrono::steady_clock::time_point until) {
      table_.limit(place_, until.time_since_epoch() / std::chrono::nanoseconds(1));
    };
    response = handler_(request);
  } catch (const std::exception& failure) {
    response = error_response(500, failure.what());
  } catch (...) {
    response = error_response(500, "the handler failed");
  }
  if (response.later == nullptr) return give(std::move(response));
  later_ = std::move(response.later);
  return Step::kLater;
}

bool Connection::client_left() const {
  char byte;
  const ssize_t count = recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count == 0 || (count < 0 && !would_block(errno));
}

Step Connection::later() {
  if (client_left()) return Step::kGone;
  std::optional<ServerResponse> response;
  try {
    response = later_->answer();
  } catch (const std::exception& failure) {
    response = error_response(500, failure.what());
  }
  if (!response) return Step::kLater;
  // One may end in another: first who asks, then what was asked for.
  later_ = std::move(response->later);
  return later_ != nullptr ? Step::kLater : give(std::move(*response));
}

Step Connection::give(ServerResponse response) {
  close_after_ = !reader_->keeps_alive() || table_.draining();
  linger_after_ = table_.draining();
  if (response.stream || response.feed != nullptr) {
    chunked_ = !reader_->is_1_0();
    close_after_ |= !chunked_;
    streamed_ = std::move(response);
    begun_ = false;
    if (streamed_.stream && !reader_->is_head()) return Step::kStream;
    head_ = stream_head();
    written_ = 0;
    if (reader_->is_head()) return write();
    feed_ = std::move(streamed_.feed);
    setsockopt(fd_, SOL_SOCKET, SO_SNDBUF, &kFeedBufferBytes, sizeof kFeedBufferBytes);
    return feed();
  }
  std::string body;
  if (!reader_->is_head() && response.status != 204 && response.status != 304) {
    body = std::move(response.body);
    response.body.clear();
  }
  return send(response, std::move(body));
}

std::string Connection::stream_head() const {
  const auto after = close_after_ ? AfterAnswer::kClose : AfterAnswer::kKeepAlive;
  return answer_head(streamed_, chunked_ ? Length::chunked() : Length::until_the_end(), after,
                     base::clock_ns(CLOCK_REALTIME_COARSE) / base::kNsPerSecond);
}

Step Connection::feed() {
  if (client_left()) return Step::kGone;
  const bool is_last = table_.draining();
  std::optional<std::string> message;
  try {
    message = feed_->next(is_last ? Feed::Turn::kLast : Feed::Turn::kNext);
  } catch (...) {
    // Too little memory for this one: there may be enough for the next.
  }
  body_.clear();
  if (message && chunked_) append_chunk(*message, body_);
  if (message && !chunked_) body_ = std::move(*message);
  if (is_last) {
    feed_.reset();
    close_after_ = linger_after_ = true;
    if (chunked_) body_ += "0\r\n\r\n";
  }
  written_ = 0;
  return write();
}

Step Connection::refuse_stream() {
  return send_whole(
      error_response(503, "too many answers in pieces are under way: try again later"));
}

Step Connection::stream() {
  ServerResponse end;
  try {
    end = streamed_.stream([this](std::string_view piece) { return send_piece(piece); });
  } catch (const std::exception& failure) {
    end = error_response(500, failure.what());
  } catch (...) {
    end = error_response(500, "the handler failed");
  }
  const bool draining = table_.draining();
  close_after_ |= draining;
  linger_after_ = draining;
  if (!begun_ && end.status >= 400) return send_whole(std::move(end));
  if (!send_piece(end.body)) return Step::kGone;
  if (end.status >= 400) {
    // Broken off: all that was sent is to arrive, and then the connection's end instead of the last
    // chunk.
    close_after_ = true;
    return linger();
  }
  if (chunked_ && !send_waiting("0\r\n\r\n")) return Step::kGone;
  return sent();
}

// A piece and its frame in one, behind the head if that is still to be sent. Empty: the head alone.
bool Connection::send_piece(std::string_view piece) {
  std::string bytes;
  if (!std::exchange(begun_, true)) bytes = stream_head();
  if (chunked_) {
    append_chunk(piece, bytes);
  } else {
    bytes += piece;
  }
  return send_waiting(bytes);
}

// Blocks its thread, which is the stream's own. Who takes nothing for the time of a write is cut off.
bool Connection::send_waiting(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      bytes.remove_prefix(static_cast<size_t>(count));
    } else if (!would_block(errno)) {
      return false;
    } else if (!Deadline(limits_.write).wait(fd_, POLLOUT)) {
      shutdown(fd_, SHUT_RDWR);
      return false;
    }
  }
  return true;
}

Step Connection::send_whole(ServerResponse response) {
  std::string body = std::move(response.body);
  response.body.clear();
  return send(response, std::move(body));
}

Step Connection::reject(int status, std::string_view reason) {
  table_.count_rejection();
  close_after_ = true;
  linger_after_ = true;
  return send_whole(error_response(status, reason));
}

Step Connection::send(const ServerResponse& response, std::string body) {
  const auto after = close_after_ ? AfterAnswer::kClose : AfterAnswer::kKeepAlive;
  const size_t body_size = body.empty() ? response.body.size() : body.size();
  head_ = answer_head(response, Length::of(body_size), after,
                      base::clock_ns(CLOCK_REALTIME_COARSE) / base::kNsPerSecond);
  body_ = std::move(body);
  written_ = 0;
  return write();
}

Step Connection::write() {
  while (written_ < head_.size() + body_.size()) {
    const size_t of_head = std::min(written_, head_.size());
    const size_t of_body = written_ - of_head;
    iovec pieces[2] = {{head_.data() + of_head, head_.size() - of_head},
                       {body_.data() + of_body, body_.size() - of_body}};
    msghdr message{};
    message.msg_iov = pieces;
    message.msg_iovlen = 2;
    const ssize_t count = sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      written_ += static_cast<size_t>(count);
    } else if (!would_block(errno)) {
      return Step::kGone;
    } else {
      if (phase_ != Phase::kWriting) {
        phase_ = Phase::kWriting;
        if (table_.move(place_, phase_, base::monotonic_ns()) != Cut::kNone) return Step::kGone;
      }
      return Step::kWrite;
    }
  }
  return sent();
}

Step Connection::sent() {
  head_ = {};
  body_ = {};
  if (feed_ != nullptr) {
    if (phase_ == Phase::kFeeding) return Step::kFeed;
    phase_ = Phase::kFeeding;
    const Cut cut = table_.move(place_, phase_, base::monotonic_ns());
    return cut == Cut::kNone ? Step::kFeed : Step::kGone;
  }
  streamed_ = {};
  if (close_after_) return linger_after_ ? linger() : Step::kGone;
  reader_.reset();
  continued_ = false;
  phase_ = Phase::kIdle;
  const Cut cut = table_.move(place_, phase_, base::monotonic_ns());
  if (cut == Cut::kDrained) return linger();
  if (cut != Cut::kNone) return Step::kGone;
  if (waiting_.empty()) {
    waiting_ = {};
    return Step::kRead;
  }
  return take(waiting_);
}

// Closing a socket that holds unread bytes makes the kernel send a reset, and a reset takes the
// answer away from a client that has not read it yet. So: no more from us, and a while of reading
// on.
Step Connection::linger() {
  shutdown(fd_, SHUT_WR);
  phase_ = Phase::kLingering;
  table_.move(place_, phase_, base::monotonic_ns());
  return Step::kRead;
}

Step Connection::cut_off() {
  const bool under_way = phase_ == Phase::kHead || phase_ == Phase::kBody;
  if (under_way && table_.cut(place_) == Cut::kSlow) {
    return reject(408, "the request took too long to arrive");
  }
  return Step::kGone;
}

}  // namespace outrigger::http
