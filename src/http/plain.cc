#include <sys/socket.h>

#include <cerrno>

#include "base/text.h"
#include "http/stream.h"

namespace outrigger::http {
namespace {

class PlainStream final : public Stream {
 public:
  explicit PlainStream(int fd) : fd_(fd) {}

  Io read(char* bytes, size_t size, size_t& moved) override {
    return outcome(recv(fd_, bytes, size, MSG_DONTWAIT), Io::kWantRead, moved);
  }
  Io write(std::string_view bytes, size_t& moved) override {
    return outcome(send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT),
                   Io::kWantWrite, moved);
  }
  std::string why() const override { return std::string(base::error_text(errno_)); }

 private:
  Io outcome(ssize_t count, Io want, size_t& moved) {
    moved = count > 0 ? static_cast<size_t>(count) : 0;
    if (count > 0) return Io::kDone;
    if (count == 0) return Io::kEnd;
    errno_ = errno;
    return errno_ == EAGAIN || errno_ == EWOULDBLOCK || errno_ == EINTR ? want : Io::kBroken;
  }

  const int fd_;
  int errno_ = 0;
};

}  // namespace

std::unique_ptr<Stream> plain_stream(int fd) { return std::make_unique<PlainStream>(fd); }

}  // namespace outrigger::http
