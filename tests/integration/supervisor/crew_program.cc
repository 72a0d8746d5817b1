// A program with a real supervisor, a real early role choice, and a service and a keeper that do
// nothing but what the supervisor sees of them. Each process tells what it meets in lines of the
// file $CREW_REPORT:
//
//   <part> <pid> <what> [values]
//
// What the service's main() does is said by its words (see perform()); how the keeper behaves, by
// $CREW_KEEPER.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <string_view>
#include <thread>

#include "base/clock.h"
#include "base/text.h"
#include "log/attach.h"
#include "ops/ops.h"
#include "segment/layout.h"
#include "segment/mapping.h"
#include "supervisor/channel.h"
#include "supervisor/crew.h"

namespace {

using namespace outrigger;
using segment::Message;
using segment::RoleCard;
using segment::Word;

constinit void* g_attached = nullptr;

template <typename... Pieces>
void tell(const char* part, const Pieces&... pieces) {
  const char* path = getenv("CREW_REPORT");
  const base::Fd file(path == nullptr ? -1 : open(path, O_WRONLY | O_APPEND | O_CLOEXEC));
  base::FixedText<900> line;
  line.add(part).add(' ').add(getpid());
  ((line.add(' '), line.add(pieces)), ...);
  base::write_line(file.get(), line.view());
}

bool keeper_is(const char* kind) {
  const char* kinds = getenv("CREW_KEEPER");
  return kinds != nullptr && strstr(kinds, kind) != nullptr;
}

// Signals that both children pass on as words, as the real ones do.
int stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) sigaddset(&set, signal);
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void pass_signals_on(int signals, int channel) {
  signalfd_siginfo info;
  while (read(signals, &info, sizeof info) == sizeof info) {
    supervisor::say(channel, Word::kSignalled, static_cast<int32_t>(info.ssi_signo));
  }
}

// --- Service -----------------------------------------------------------------------------------

std::atomic<bool> g_drained{false};
std::atomic<bool> g_deaf{false};

void control() {
  const RoleCard& card = supervisor::crew().card;
  const int signals = stop_signals();
  tell("service", "listening");
  for (;;) {
    pollfd events[] = {{card.channel, POLLIN, 0}, {signals, POLLIN, 0}};
    poll(events, 2, -1);
    pass_signals_on(signals, card.channel);
    Message message;
    for (;;) {
      const supervisor::Heard heard = supervisor::hear(card.channel, message, nullptr);
      if (heard == supervisor::Heard::kNothing) break;
      if (heard == supervisor::Heard::kClosed) {
        tell("service", "orphaned");
        _exit(9);
      }
      tell("service", "word", static_cast<uint32_t>(message.word), message.value);
      if (message.word == Word::kDrain && !g_deaf) g_drained = true;
      if (message.word == Word::kHurry && !g_deaf) _exit(77);
    }
  }
}

// --- Keeper ------------------------------------------------------------------------------------

void copy_captured(int from, int to) {
  char bytes[4096];
  pollfd events{from, POLLIN, 0};
  while (poll(&events, 1, 0) == 1 && (events.revents & POLLIN) != 0) {
    const ssize_t size = read(from, bytes, sizeof bytes);
    if (size <= 0) return;
    base::write_all(to, {bytes, static_cast<size_t>(size)});
  }
}

void give_listener(int channel) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  listen(listener, 5);
  Message message{Word::kListener, 0, 0, 0};
  iovec part{&message, sizeof message};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  cmsghdr* c = CMSG_FIRSTHDR(&header);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(c), &listener, sizeof listener);
  sendmsg(channel, &header, MSG_NOSIGNAL);
}

void tell_of_listeners(const RoleCard& card) {
  for (int i = 0; i < card.listener_count; ++i) {
    int listening = 0;
    socklen_t size = sizeof listening;
    getsockopt(card.listeners[i], SOL_SOCKET, SO_ACCEPTCONN, &listening, &size);
    tell("keeper", "listener", card.listeners[i], listening);
  }
}

void tell_of_descriptors(const char* part) {
  for (int fd = 0; fd < 200; ++fd) {
    const int flags = fcntl(fd, F_GETFD);
    if (flags < 0) continue;
    base::FixedText<32> link;
    link.add("/proc/self/fd/").add(fd);
    char target[200] = {};
    (void)!readlink(link.c_str(), target, sizeof target - 1);
    tell(part, "fd", fd, (flags & FD_CLOEXEC) != 0 ? "cloexec" : "inherited", target);
  }
}

void tell_of_oneself(const char* part) {
  char name[16] = {};
  prctl(PR_GET_NAME, name);
  base::Fd file(open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC));
  char score[16] = {};
  if (read(file.get(), score, sizeof score - 1) > 0) *strchrnul(score, '\n') = '\0';
  tell(part, "name", name);
  tell(part, "oom", score);
  tell(part, "group", getpgrp() == getpid() ? "own" : "foreign");
  tell(part, "role_variable", getenv("OUTRIGGER_ROLE") == nullptr ? "gone" : "there");
  tell(part, "notify_socket", getenv("NOTIFY_SOCKET") == nullptr ? "gone" : "there");
  const char* listen_pid = getenv("LISTEN_PID");
  tell(part, "listen_pid",
       listen_pid == nullptr                          ? "gone"
       : base::Decimal(getpid()).view() == listen_pid ? "mine"
                                                      : "foreign");
}

void keeper_main(const RoleCard& card, int, char**) {
  const segment::View view(segment::map(card.segment));
  const int signals = stop_signals();
  tell_of_oneself("keeper");
  if (keeper_is("descriptors")) tell_of_descriptors("keeper");
  tell_of_listeners(card);
  if (keeper_is("listener") && card.listener_count == 0) give_listener(card.channel);
  if (keeper_is("startfails")) supervisor::say(card.channel, Word::kStartFailed, 4);
  if (!keeper_is("silent") && !keeper_is("crash"))
    view.control().keeper_beat_ns.store(base::monotonic_ns());
  tell("keeper", "born", "restarts", view.supervision().keeper_restarts.load());
  if (keeper_is("crash")) _exit(3);
  bool ended = false;
  for (;;) {
    pollfd events[] = {{card.channel, POLLIN, 0}, {signals, POLLIN, 0}};
    poll(events, 2, 5);
    if (!keeper_is("silent")) view.control().keeper_beat_ns.store(base::monotonic_ns());
    pass_signals_on(signals, card.channel);
    if (!keeper_is("silent")) {
      copy_captured(card.captured_out, 1);
      copy_captured(card.captured_err, 2);
    }
    Message message;
    for (;;) {
      const supervisor::Heard heard = supervisor::hear(card.channel, message, nullptr);
      if (heard == supervisor::Heard::kNothing) break;
      if (heard == supervisor::Heard::kClosed) {
        tell("keeper", "orphaned");
        _exit(9);
      }
      tell("keeper", "word", static_cast<uint32_t>(message.word), message.value, message.more);
      ended = ended || message.word == Word::kServiceEnded;
    }
    if (!ended || keeper_is("stays")) continue;
    const auto& told = view.supervision();
    if (keeper_is("falls_at_end") && told.keeper_restarts.load() == 0) raise(SIGKILL);
    copy_captured(card.captured_out, 1);
    copy_captured(card.captured_err, 2);
    tell("keeper", "finished", told.service_ended.load(), told.service_code.load(),
         told.service_status.load());
    _exit(0);
  }
}

constexpr ops::Table keeper_alone() {
  ops::Table table{};
  table.keeper_main = keeper_main;
  return table;
}
constexpr ops::Table kTable = keeper_alone();

// --- The user's part ---------------------------------------------------------------------------

struct UserGlobal {
  UserGlobal() { tell("user", "constructed"); }
} g_user_global;

void start_nested(const char* program) {
  pid_t pid = -1;
  std::string path(program);
  std::string run("run");
  std::string report("sleep=300");
  char* argv[] = {path.data(), run.data(), report.data(), nullptr};
  posix_spawn(&pid, "/proc/self/exe", nullptr, nullptr, argv, environ);
  int status = -1;
  waitpid(pid, &status, 0);
  tell("service", "nested_status", status);
}

void tell_of_mask() {
  sigset_t mask;
  sigprocmask(SIG_BLOCK, nullptr, &mask);
  tell("service", "mask", sigismember(&mask, SIGTERM), sigismember(&mask, SIGUSR1),
       sigismember(&mask, SIGSEGV));
  tell("service", "card_mask", supervisor::crew().card.signal_mask);
}

// Grandchildren whose parent is gone when they end.
void leave_orphans(int count) {
  for (int i = 0; i < count; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      if (fork() == 0) {
        usleep(20'000);
        tell("service", "orphan");
      }
      _exit(0);
    }
    waitpid(child, nullptr, 0);
  }
}

void tell_of_zombies() {
  int zombies = 0;
  for (pid_t pid = 1; pid < 1000; ++pid) {
    base::FixedText<32> path;
    path.add("/proc/").add(pid).add("/stat");
    const base::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    char stat[200] = {};
    if (read(file.get(), stat, sizeof stat - 1) > 0 && strstr(stat, ") Z ") != nullptr) ++zombies;
  }
  tell("service", "zombies", zombies);
}

void forward_user1(int) { tell("service", "usr1"); }

// One of the words after "run". "name=value" carries a value.
void perform(std::string_view word, const char* program) {
  const RoleCard& card = supervisor::crew().card;
  const std::string_view name = word.substr(0, word.find('='));
  const std::string value(word.size() > name.size() ? word.substr(name.size() + 1) : "");
  const int number = atoi(value.c_str());
  if (name == "exit") exit(number);
  if (name == "raise") {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_UNBLOCK, &all, nullptr);
    raise(number);
  }
  if (name == "abort") abort();
  if (name == "sleep") usleep(static_cast<useconds_t>(number) * 1000);
  if (name == "print") printf("%s\n", value.c_str());
  if (name == "complain") fprintf(stderr, "%s\n", value.c_str());
  if (name == "flood") {
    const std::string line(99, 'x');
    for (int i = 0; i < number; ++i) printf("%s\n", line.c_str());
  }
  if (name == "deaf") g_deaf = true;
  if (name == "ready") supervisor::say(card.channel, Word::kReady, number);
  if (name == "drains") supervisor::say(card.channel, Word::kDrainBegan);
  if (name == "startfailed") supervisor::say(card.channel, Word::kStartFailed, number);
  if (name == "why") base::write_line(supervisor::crew().plain_err(), value);
  if (name == "nested") start_nested(program);
  if (name == "descriptors") tell_of_descriptors("service");
  if (name == "self") tell_of_oneself("service");
  if (name == "mask") tell_of_mask();
  if (name == "orphans") leave_orphans(number);
  if (name == "zombies") tell_of_zombies();
  if (name == "signal_parent") kill(getppid(), number);
  if (name == "usr1") {
    signal(SIGUSR1, forward_user1);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_UNBLOCK, &set, nullptr);
  }
  if (name == "stdin") {
    char byte;
    tell("service", "stdin", read(0, &byte, 1));
  }
  if (name == "beat") {
    segment::Beat& beat = segment::View(supervisor::crew().segment).service().beats[0];
    beat.last_ns.store(base::monotonic_ns() - int64_t{number} * base::kNsPerMs);
  }
  if (name == "stuck") {
    const segment::View view(supervisor::crew().segment);
    tell("service", "stuck", view.supervision().keeper_stuck.load(),
         view.supervision().keeper_restarts.load());
  }
  if (name == "wait") {
    while (!g_drained) usleep(2000);
    tell("service", "drained");
  }
  fflush(nullptr);
}

}  // namespace

// --- What the early choice expects of the other rooms
// -----------------------------------------------

void outrigger::log::attach(void* base) { g_attached = base; }

const ops::Table* outrigger::ops::table() { return &kTable; }

extern "C" void outrigger_service_born() {
  const supervisor::Crew& crew = supervisor::crew();
  tell("service", "born", static_cast<uint32_t>(crew.part),
       g_attached == crew.segment ? "attached" : "detached");
  if (crew.part == supervisor::Part::kService) std::thread(control).detach();
}

int main(int argc, char** argv) {
  const supervisor::Crew& crew = supervisor::crew();
  tell("main", static_cast<uint32_t>(crew.part), argc > 1 ? argv[1] : "-");
  if (crew.part == supervisor::Part::kCommand) return 42;
  for (int i = 2; i < argc; ++i) perform(argv[i], argv[0]);
  return 0;
}
