#include "supervisor/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string_view>

#include "base/text.h"
#include "segment/mapping.h"
#include "supervisor/standard_fds.h"

namespace outrigger::supervisor {
namespace {

bool cannot_make(Failure& failure, std::string_view what) {
  base::FixedText<sizeof failure.why - 1> text;
  text.add("cannot make ").add(what).add(": ").add(base::error_text(errno));
  memcpy(failure.why, text.c_str(), text.size() + 1);
  return false;
}

bool make_spool(base::Fd& spool) {
  spool.reset(memfd_create("outrigger-spool", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  return spool && ftruncate(spool.get(), static_cast<off_t>(spool_bytes())) == 0 &&
         fcntl(spool.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0;
}

bool make_pipe(base::Fd& read_end, base::Fd& write_end) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  read_end.reset(ends[0]);
  write_end.reset(ends[1]);
  // The end that is read: the supervisor and a keeper that comes to life may both reach for the
  // bytes.
  if (fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) return false;
  // Room for what is printed while a keeper is replaced. Refused when the user's pipe budget is
  // spent: then it is less.
  fcntl(ends[1], F_SETPIPE_SZ, kCapturedPipeBytes);
  return true;
}

bool make_bell(base::Fd& bell) {
  bell.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  return static_cast<bool>(bell);
}

}  // namespace

bool make_shared_things(Shared& shared, Failure& failure) {
  shared.segment.reset(segment::create(failure.why, sizeof failure.why));
  if (!shared.segment) return false;
  void* base = segment::map(shared.segment.get());
  if (base == nullptr) return cannot_make(failure, "room for the shared memory");
  shared.view = segment::View(base);
  if (!make_spool(shared.spool)) return cannot_make(failure, "the keeper's memory");
  if (!make_bell(shared.service_bell) || !make_bell(shared.keeper_bell))
    return cannot_make(failure, "an eventfd");
  if (!make_pipe(shared.captured_out, shared.service_out) ||
      !make_pipe(shared.captured_err, shared.service_err)) {
    return cannot_make(failure, "a pipe");
  }
  shared.plain_err.reset(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
  shared.empty_input = empty_input();
  if (!shared.plain_err || !shared.empty_input) return cannot_make(failure, "a descriptor");
  return true;
}

Channel make_channel() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return {};
  return {base::Fd(ends[0]), base::Fd(ends[1])};
}

}  // namespace outrigger::supervisor
