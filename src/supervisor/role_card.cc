#include "supervisor/role_card.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

namespace outrigger::supervisor {
namespace {

using segment::RoleCard;

constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

// A descriptor number as the supervisor writes it; -1 for anything else.
int parse_descriptor(const char* text) {
  int number = 0;
  for (const char* c = text; *c != '\0'; ++c) {
    if (*c < '0' || *c > '9' || number > 1'000'000) return -1;
    number = number * 10 + (*c - '0');
  }
  return *text == '\0' ? -1 : number;
}

bool is_sealed_card(int fd, RoleCard& card) {
  // Only a memfd answers the question for seals, and a sealed one is what it was when its seals
  // were set.
  if (fcntl(fd, F_GET_SEALS) != kSeals) return false;
  if (pread(fd, &card, sizeof card, 0) != static_cast<ssize_t>(sizeof card)) return false;
  return card.magic == segment::kRoleMagic &&
         (card.role == segment::Role::kService || card.role == segment::Role::kKeeper) &&
         card.listener_count >= 0 && card.listener_count <= segment::kListenersMax;
}

// The channel's other end was made by the process that the card names.
bool channel_is_from(int channel, pid_t pid) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return getsockopt(channel, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid == pid;
}

bool peer_is_gone(int channel) {
  pollfd channel_events{channel, 0, 0};
  return poll(&channel_events, 1, 0) == 1 && (channel_events.revents & POLLHUP) != 0;
}

// The parent runs this very file. A parent that cannot be looked into (a file with capabilities is
// not dumpable) is not a counter-proof: the channel has proved whose child this is.
bool parent_runs_another_file(pid_t parent) {
  base::FixedText<32> link;
  link.add("/proc/").add(parent).add("/exe");
  struct stat parents;
  struct stat own;
  if (stat(link.c_str(), &parents) != 0 || stat("/proc/self/exe", &own) != 0) return false;
  return parents.st_dev != own.st_dev || parents.st_ino != own.st_ino;
}

void close_on_exec(const RoleCard& card) {
  const int singles[] = {card.segment,     card.spool,        card.channel,      card.service_bell,
                         card.keeper_bell, card.captured_out, card.captured_err, card.plain_err};
  for (const int fd : singles) {
    if (fd >= 0) fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
  for (int i = 0; i < card.listener_count; ++i) fcntl(card.listeners[i], F_SETFD, FD_CLOEXEC);
}

}  // namespace

base::Fd write_card(const RoleCard& card) {
  base::Fd memory(memfd_create("outrigger-role", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory) return {};
  if (write(memory.get(), &card, sizeof card) != static_cast<ssize_t>(sizeof card)) return {};
  if (fcntl(memory.get(), F_ADD_SEALS, kSeals) != 0) return {};
  return memory;
}

CardFound find_card(RoleCard& card) {
  const char* variable = getenv(segment::kRoleVariable);
  if (variable == nullptr) return CardFound::kNone;
  const int fd = parse_descriptor(variable);
  RoleCard found;
  if (fd < 0 || !is_sealed_card(fd, found)) return CardFound::kNone;
  if (!channel_is_from(found.channel, found.parent_pid)) return CardFound::kNone;
  if (getppid() != found.parent_pid) {
    // A dying process closes its descriptors before its children get another parent, so this is no
    // race.
    return peer_is_gone(found.channel) ? CardFound::kOrphaned : CardFound::kNone;
  }
  if (parent_runs_another_file(found.parent_pid)) return CardFound::kNone;
  unsetenv(segment::kRoleVariable);
  close(fd);
  close_on_exec(found);
  card = found;
  return CardFound::kValid;
}

}  // namespace outrigger::supervisor
