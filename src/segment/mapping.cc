#include "segment/mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <new>

#include "base/clock.h"
#include "segment/layout.h"
#include "segment/metrics.h"

namespace outrigger::segment {
namespace {

constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

int fail(char* why, size_t why_bytes, const char* what, int fd) {
  snprintf(why, why_bytes, "no shared memory for the log (%zu MiB): %s: %s", segment_bytes() >> 20,
           what, strerrordesc_np(errno));
  if (fd >= 0) close(fd);
  return -1;
}

// With RLIMIT_FSIZE below the segment's size ftruncate raises SIGXFSZ, which would end the process
// without a word.
class IgnoreFileSizeSignal {
 public:
  IgnoreFileSizeSignal() {
    struct sigaction ignore = {};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGXFSZ, &ignore, &old_);
  }
  ~IgnoreFileSizeSignal() { sigaction(SIGXFSZ, &old_, nullptr); }

 private:
  struct sigaction old_;
};

}  // namespace

int create(char* why, size_t why_bytes) {
  IgnoreFileSizeSignal ignore;
  const int fd = memfd_create("outrigger-segment", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return fail(why, why_bytes, "memfd_create", -1);
  if (ftruncate(fd, static_cast<off_t>(segment_bytes())) != 0)
    return fail(why, why_bytes, "ftruncate", fd);
  if (fcntl(fd, F_ADD_SEALS, kSeals) != 0) return fail(why, why_bytes, "sealing", fd);

  void* page = mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, kHeaderAt);
  if (page == MAP_FAILED) return fail(why, why_bytes, "mmap", fd);
  auto* header = new (page) Header{};
  header->version = kVersion;
  header->bytes_mib = static_cast<uint32_t>(segment_bytes() >> 20);
  if (getrandom(&header->boot, sizeof(header->boot), GRND_NONBLOCK) != sizeof(header->boot)) {
    header->boot = base::ticks() ^ (static_cast<uint64_t>(getpid()) << 40);
  }
  header->ticks_at_start = base::ticks();
  header->real_ns_at_start = base::real_ns();
  header->magic = kMagic;
  munmap(page, kPage);
  return fd;
}

void* map(int fd) {
  struct stat status;
  if (fstat(fd, &status) != 0 || status.st_size != static_cast<off_t>(segment_bytes()))
    return nullptr;
  void* base = mmap(nullptr, segment_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (base == MAP_FAILED) return nullptr;
  const View view(base);
  if (view.header().magic != kMagic || view.header().version != kVersion) {
    munmap(base, segment_bytes());
    return nullptr;
  }
  // An SPSC ring that a child inherits would be written by two processes. Only the counter page
  // stays.
  char* bytes = view.base();
  madvise(bytes, kForkedAt, MADV_DONTFORK);
  madvise(bytes + kForkedAt + kPage, segment_bytes() - kForkedAt - kPage, MADV_DONTFORK);
  return base;
}

}  // namespace outrigger::segment
