#include "keeper/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "base/clock.h"
#include "keeper/glog_prefix.h"

namespace outrigger::keeper {
namespace {

constexpr uint32_t kInfo = 2;
constexpr uint32_t kWarn = 3;
// A record holds a line and its constants.
constexpr size_t kLineBytesMax = Capture::kChunkBytes - 8192;

}  // namespace

Capture::Capture(int pipe, OwnSource source) : pipe_(pipe), source_(source) {
  int ends[2];
  if (pipe_ < 0) return;
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
    pipe_ = -1;
    return;
  }
  copy_out_.reset(ends[0]);
  copy_in_.reset(ends[1]);
  const int capacity = fcntl(pipe_, F_GETPIPE_SZ);
  filling_bytes_ = capacity > 0 ? static_cast<size_t>(capacity) / 2 : kChunkBytes / 2;
}

size_t Capture::available() const {
  int bytes = 0;
  return ioctl(pipe_, FIONREAD, &bytes) == 0 && bytes > 0 ? static_cast<size_t>(bytes) : 0;
}

size_t Capture::look(size_t bytes) {
  bytes_.resize(kChunkBytes);
  const ssize_t copied =
      tee(pipe_, copy_in_.get(), std::min(bytes, kChunkBytes), SPLICE_F_NONBLOCK);
  if (copied <= 0) return 0;
  size_t got = 0;
  while (got < static_cast<size_t>(copied)) {
    const ssize_t read_now =
        read(copy_out_.get(), bytes_.data() + got, static_cast<size_t>(copied) - got);
    if (read_now < 0 && errno == EINTR) continue;
    if (read_now <= 0) break;
    got += static_cast<size_t>(read_now);
  }
  return got;
}

void Capture::consume(size_t bytes) {
  char gone[4096];
  while (bytes > 0) {
    // Never more than there is: should the supervisor have emptied the pipe meanwhile, this must
    // not wait.
    const size_t there = std::min({bytes, available(), sizeof(gone)});
    if (there == 0) return;
    const ssize_t read_now = read(pipe_, gone, there);
    if (read_now < 0 && errno == EINTR) continue;
    if (read_now <= 0) return;
    bytes -= static_cast<size_t>(read_now);
  }
}

bool Capture::turn(Drain& drain, Flush flush, int64_t now_ns) {
  if (pipe_ < 0 || !drain.has_room()) return false;
  const size_t there = std::min(available(), rest_);
  if (there == 0) {
    // At the end of the file poll() would return at once, for ever.
    pollfd events{pipe_, POLLIN, 0};
    if (poll(&events, 1, 0) == 1 && (events.revents & POLLIN) == 0 && available() == 0) pipe_ = -1;
    partial_bytes_ = 0;
    return false;
  }
  const bool unchanged = there == partial_bytes_;
  if (unchanged && flush == Flush::kNo && now_ns - partial_since_ns_ < kPartialNs) return false;
  const size_t seen = look(there);
  size_t done = put_lines(drain, seen, unchanged ? Flush::kPartialLines : flush);
  // A line whose end lies beyond what could be looked at has to be taken in pieces.
  if (done == 0 && seen < there) done = put_lines(drain, seen, Flush::kPartialLines);
  if (done != 0) {
    drain.commit();
    consume(done);
    if (rest_ != SIZE_MAX) rest_ -= done;
  }
  if (!unchanged || done != 0) partial_since_ns_ = now_ns;
  partial_bytes_ = seen == there ? there - done : 0;
  return done != 0;
}

size_t Capture::put_lines(Drain& drain, size_t bytes, Flush flush) {
  const std::string_view text(bytes_.data(), bytes);
  size_t at = 0;
  while (at < text.size() && drain.has_room()) {
    const size_t end = text.find('\n', at);
    const bool whole = end != std::string_view::npos;
    const std::string_view line = text.substr(at, whole ? end - at : text.npos);
    if (line.size() > kLineBytesMax) {
      put_line(drain, line.substr(0, kLineBytesMax));
      at += kLineBytesMax;
    } else if (whole) {
      put_line(drain, line);
      at = end + 1;
    } else if (flush == Flush::kPartialLines) {
      put_line(drain, line);
      at = text.size();
    } else {
      break;
    }
  }
  return at;
}

void Capture::put_line(Drain& drain, std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (line.empty()) return;
  if (const auto prefixed = parse_glog_prefix(line)) {
    drain.made().begin(prefixed->level, "{}", {prefixed->file, prefixed->line});
    drain.made().add(prefixed->message);
  } else {
    drain.made().begin(source_ == OwnSource::kStdout ? kInfo : kWarn, "{}", {});
    drain.made().add(line);
  }
  drain.put(source_, base::real_ns());
}

}  // namespace outrigger::keeper
