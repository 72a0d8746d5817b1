#include "connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <thread>

#include "base/clock.h"
#include "http/message.h"
#include "http/message_reader.h"

namespace outrigger::emulator {
namespace {

constexpr size_t kHeaderBytesMax = 64u << 10;
constexpr size_t kBodyBytesMax = 32u << 20;
constexpr size_t kReadBytes = 64u << 10;

// A byte stream that blocks, plain or under TLS.
class Pipe {
 public:
  Pipe(base::Fd fd, SSL_CTX* tls) : fd_(std::move(fd)) {
    const int on = 1;
    setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (tls == nullptr) return;
    ssl_.reset(SSL_new(tls));
    SSL_set_fd(ssl_.get(), fd_.get());
  }
  bool accept() { return !ssl_ || SSL_accept(ssl_.get()) == 1; }
  // 0: the end, or broken.
  size_t read(char* bytes, size_t size) {
    if (!ssl_) {
      const ssize_t count = recv(fd_.get(), bytes, size, 0);
      return count > 0 ? static_cast<size_t>(count) : 0;
    }
    const int count = SSL_read(ssl_.get(), bytes, static_cast<int>(size));
    return count > 0 ? static_cast<size_t>(count) : 0;
  }
  bool write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count =
          ssl_ ? SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()))
               : send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(count));
    }
    return true;
  }
  void reset() {
    const linger at_once{1, 0};
    setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  // Until the client gives up.
  void wait_for_end() {
    char bytes[4096];
    while (recv(fd_.get(), bytes, sizeof bytes, 0) > 0) {
    }
  }

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  base::Fd fd_;
  std::unique_ptr<SSL, Free> ssl_;
};

class Session {
 public:
  Session(Pipe& pipe, World& world) : pipe_(pipe), world_(world) {}

  void run() {
    while (read_request()) {
      if (!answer_request()) return;
    }
  }

 private:
  bool read_request() {
    reader_.emplace(kHeaderBytesMax, kBodyBytesMax);
    bool continued = false;
    for (;;) {
      if (!waiting_.empty()) waiting_.erase(0, reader_->feed(waiting_));
      switch (reader_->state()) {
        case http::ReadState::kComplete: return true;
        case http::ReadState::kRejected:
          send(http::error_response(reader_->reject_status(), reader_->reject_reason()),
               http::AfterAnswer::kClose);
          return false;
        case http::ReadState::kBody:
          if (reader_->expects_continue() && !continued)
            pipe_.write("HTTP/1.1 100 Continue\r\n\r\n");
          continued = true;
          break;
        default: break;
      }
      const size_t count = pipe_.read(bytes_, sizeof bytes_);
      if (count == 0) return false;
      // Most of the time nothing waits, and what came need not be copied once more.
      const std::string_view came(bytes_, count);
      if (waiting_.empty()) {
        waiting_.assign(came.substr(reader_->feed(came)));
      } else {
        waiting_ += came;
      }
    }
  }

  // False when the connection is over.
  bool answer_request() {
    const http::ServerRequest request = reader_->request();
    const auto after =
        reader_->keeps_alive() ? http::AfterAnswer::kKeepAlive : http::AfterAnswer::kClose;
    if (World::is_control(request.path)) return send(world_.control(request), after);
    Call call;
    call.method = reader_->is_head() ? std::string_view("HEAD") : request.method;
    if (auto refused = world_.classify(request, call, room_))
      return send(std::move(*refused), after);
    const std::optional<Fault> fault = world_.faults().pick(call.service, call.operation);
    if (!fault) return send(world_.answer(call), after);
    return answer_with(*fault, call, after);
  }

  bool answer_with(const Fault& fault, const Call& call, http::AfterAnswer after) {
    const bool is_json = call.protocol == Protocol::kJson;
    const bool is_rest = call.protocol == Protocol::kRest;
    Answer answer;
    switch (fault.kind) {
      case FaultKind::kThrottle:
        answer = refuse(call,
                        !fault.code.empty()                    ? std::string_view(fault.code)
                        : is_rest                              ? "SlowDown"
                        : is_json                              ? "ThrottlingException"
                        : call.protocol == Protocol::kEc2Query ? "RequestLimitExceeded"
                                                               : "Throttling",
                        "Rate exceeded",
                        fault.status != 0 ? fault.status
                        : is_rest         ? 503
                                          : 400);
        break;
      case FaultKind::kError:
        answer = refuse(call, fault.code.empty() ? "InternalFailure" : fault.code,
                        "as a test asked for", fault.status == 0 ? 500 : fault.status);
        break;
      case FaultKind::kExpiredToken:
        answer =
            refuse(call, is_json ? "ExpiredTokenException" : "ExpiredToken",
                   "The security token included in the request is expired", is_json ? 400 : 403);
        break;
      case FaultKind::kResetBefore: pipe_.reset(); return false;
      case FaultKind::kResetAfter:
        world_.answer(call);
        pipe_.reset();
        return false;
      case FaultKind::kHalfAnswer: {
        const std::string text = text_of(world_.answer(call), http::AfterAnswer::kClose);
        pipe_.write(std::string_view(text).substr(0, text.size() / 2));
        return false;
      }
      case FaultKind::kSwallow: pipe_.wait_for_end(); return false;
      case FaultKind::kSlow:
        std::this_thread::sleep_for(std::chrono::milliseconds(fault.delay_ms));
        answer = world_.answer(call);
        break;
    }
    if (fault.retry_after_ms >= 0)
      answer.headers.emplace_back("x-amz-retry-after", std::to_string(fault.retry_after_ms));
    return send(std::move(answer), after);
  }

  std::string text_of(const Answer& answer, http::AfterAnswer after) {
    return http::answer_head(answer, http::Length::of(answer.body.size()), after,
                             world_.clock().now_s()) +
           (reader_->state() == http::ReadState::kComplete && reader_->is_head() ? ""
                                                                                 : answer.body);
  }
  bool send(const Answer& answer, http::AfterAnswer after) {
    return pipe_.write(text_of(answer, after)) && after == http::AfterAnswer::kKeepAlive;
  }

  Pipe& pipe_;
  World& world_;
  std::optional<http::RequestReader> reader_;
  BodyRoom room_;
  std::string waiting_;  // came, and was not taken yet
  char bytes_[kReadBytes];
};

}  // namespace

void serve(base::Fd fd, SSL_CTX* tls, World& world) {
  Pipe pipe(std::move(fd), tls);
  if (!pipe.accept()) return;
  const auto session = std::make_unique<Session>(pipe, world);
  session->run();
}

}  // namespace outrigger::emulator
