#include "keeper/output.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "base/clock.h"
#include "base/text.h"
#include "base/threads.h"

namespace outrigger::keeper {
namespace {

constexpr size_t kWriteBytesMax = 64u << 10;
constexpr int kPollMs = 1000;
constexpr int kNoMemoryMs = 10;
constexpr int64_t kJoinNs = base::kNsPerSecond;

// Nobody will ever read there again.
bool is_final(int error) {
  return error == EPIPE || error == EBADF || error == EINVAL || error == ENXIO;
}

}  // namespace

Output::Output(std::shared_ptr<Spool> spool, int fd, std::string name)
    : shared_(std::make_shared<Shared>()) {
  shared_->spool = std::move(spool);
  shared_->fd = fd;
  shared_->name = std::move(name);
  thread_ = base::start_thread("or-output", [shared = shared_] { run(*shared); });
}

Output::~Output() {
  shared_->spool->stop();
  const int64_t deadline_ns = base::monotonic_ns() + kJoinNs;
  while (!shared_->ended.load(std::memory_order_acquire) && base::monotonic_ns() < deadline_ns) {
    const timespec pause{0, base::kNsPerMs / 4};
    nanosleep(&pause, nullptr);
  }
  if (shared_->ended.load(std::memory_order_acquire)) {
    thread_.join();
  } else {
    thread_.detach();  // tidy: detach because a write may never end
  }
}

int64_t Output::stalled_ns(int64_t now_ns) const {
  // Relaxed: a measure of time, not an order.
  const int64_t began_ns = shared_->write_began_ns.load(std::memory_order_relaxed);
  return began_ns == 0 || began_ns > now_ns ? 0 : now_ns - began_ns;
}

bool Output::closed() const { return shared_->closed.load(std::memory_order_relaxed); }

std::string Output::last_error() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->last_error;
}

void Output::run(Shared& shared) {
  std::array<char, kWriteBytesMax> bytes;
  if (shared.spool->owes_line_end()) {
    base::write_all(shared.fd, "\n");
    shared.spool->line_end_is_paid();
  }
  for (;;) {
    const Spool::Chunk chunk = shared.spool->take(bytes.data(), bytes.size());
    if (chunk.bytes == 0) break;
    write_chunk(shared, bytes.data(), chunk);
  }
  shared.ended.store(true, std::memory_order_release);
}

void Output::write_chunk(Shared& shared, const char* bytes, const Spool::Chunk& chunk) {
  const uint64_t begin = chunk.end - chunk.bytes;
  size_t done = 0;
  bool failed = shared.closed.load(std::memory_order_relaxed);
  shared.write_began_ns.store(base::monotonic_ns(), std::memory_order_relaxed);
  while (done < chunk.bytes && !failed) {
    const ssize_t written = write(shared.fd, bytes + done, chunk.bytes - done);
    if (written > 0) {
      done += static_cast<size_t>(written);
      // Should this be the keeper's last act, the line that is cut here comes again as a whole.
      if (const void* last = memrchr(bytes, '\n', done))
        shared.spool->wrote(begin + static_cast<size_t>(static_cast<const char*>(last) - bytes) +
                            1);
      if (done < chunk.bytes)
        shared.write_began_ns.store(base::monotonic_ns(), std::memory_order_relaxed);
    } else if (written < 0 && errno == EAGAIN) {
      // Another process has made it non-blocking.
      pollfd ready{shared.fd, POLLOUT, 0};
      while (poll(&ready, 1, kPollMs) == 0) {
      }
    } else if (written < 0 && errno == ENOMEM) {
      // The group's memory is used up, until the kernel has ended the service.
      poll(nullptr, 0, kNoMemoryMs);
    } else if (written == 0 || errno != EINTR) {
      give_up_on(shared, written == 0 ? EIO : errno);
      failed = true;
    }
  }
  shared.write_began_ns.store(0, std::memory_order_relaxed);
  if (!failed) return shared.spool->delivered(chunk);
  shared.spool->lost(chunk);
  shared.spool->wrote(chunk.end);
}

void Output::give_up_on(Shared& shared, int error) {
  const bool final = is_final(error);
  bool is_news = false;
  {
    const std::lock_guard lock(shared.mutex);
    is_news = shared.last_error.empty();
    shared.last_error = base::error_text(error);
  }
  if (final) shared.closed.store(true, std::memory_order_relaxed);
  if (is_news) {
    base::write_line(STDERR_FILENO, shared.name, ": cannot write the log to ",
                     shared.fd == STDERR_FILENO ? "stderr" : "stdout", ": ",
                     base::error_text(error), "; entries are counted and discarded");
  }
}

}  // namespace outrigger::keeper
