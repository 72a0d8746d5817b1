#include "crew.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keeper/main.h"
#include "log/attach.h"
#include "segment/mapping.h"

namespace outrigger::keeper {
namespace {

constexpr const char* kAsk = "--be-keeper";

base::Fd file_in_memory() { return base::Fd(memfd_create("test", MFD_CLOEXEC)); }

void make_pipe(base::Fd& read_end, base::Fd& write_end) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) abort();
  read_end.reset(ends[0]);
  write_end.reset(ends[1]);
  fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
}

std::string content(int fd) {
  struct stat status;
  if (fstat(fd, &status) != 0) return {};
  std::string text(static_cast<size_t>(status.st_size), '\0');
  const ssize_t got = pread(fd, text.data(), text.size(), 0);
  text.resize(got < 0 ? 0 : static_cast<size_t>(got));
  return text;
}

}  // namespace

bool be_keeper_if_asked(int argc, char** argv) {
  if (argc != 3 || strcmp(argv[1], kAsk) != 0) return false;
  segment::RoleCard card;
  if (pread(atoi(argv[2]), &card, sizeof(card), 0) != static_cast<ssize_t>(sizeof(card))) abort();
  run(card, argc, argv);
}

Crew::Crew(Options options) : options_(std::move(options)) {
  char why[200];
  segment_.reset(segment::create(why, sizeof(why)));
  void* const base = segment::map(segment_.get());
  if (base == nullptr) abort();
  view_ = segment::View(base);
  spool_ = file_in_memory();
  if (ftruncate(spool_.get(), 16 << 20) != 0) abort();
  service_bell_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  keeper_bell_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  make_pipe(captured_out_, service_out_);
  make_pipe(captured_err_, service_err_);
  stdout_file_ = file_in_memory();
  stderr_file_ = file_in_memory();
  view_.supervision().supervisor_pid = getpid();
  view_.supervision().service_pid = getpid();
  view_.service().phase = static_cast<uint32_t>(segment::ServicePhase::kRunning);
  log::attach(base);
  if (options_.declare) {
    declare(
        R"({"service":"tested","version":"1.1.abcdef0","environment":"test","kind":"local","admin":")" +
        options_.admin + R"(","logs":")" + options_.logs + R"(","level":"info"})");
  }
}

Crew::~Crew() {
  if (keeper_ > 0) {
    kill(keeper_, SIGKILL);
    waitpid(keeper_, nullptr, 0);
  }
  log::detach();
  for (const int each : listeners_) close(each);
  munmap(view_.base(), segment::kBytes);
}

void Crew::declare(std::string_view json) {
  segment::BlobHeader& blob = view_.declarations();
  memcpy(reinterpret_cast<char*>(&blob) + segment::kBlobDataAt, json.data(), json.size());
  blob.length.store(static_cast<uint32_t>(json.size()), std::memory_order_release);
  const uint64_t one = 1;
  if (write(keeper_bell_.get(), &one, sizeof(one)) < 0) abort();
}

void Crew::set_service_pid(int pid) { view_.supervision().service_pid = pid; }

void Crew::start_keeper(int stdout_fd) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) abort();
  channel_.reset(ends[0]);
  const base::Fd theirs(ends[1]);
  segment::RoleCard card{};
  card.magic = segment::kRoleMagic;
  card.role = segment::Role::kKeeper;
  card.parent_pid = getpid();
  card.segment = segment_.get();
  card.spool = spool_.get();
  card.channel = theirs.get();
  card.service_bell = service_bell_.get();
  card.keeper_bell = keeper_bell_.get();
  card.captured_out = captured_out_.get();
  card.captured_err = captured_err_.get();
  card.plain_err = -1;
  card.listener_count = static_cast<int>(listeners_.size());
  for (size_t i = 0; i < listeners_.size(); ++i) card.listeners[i] = listeners_[i];
  const base::Fd written = file_in_memory();
  if (pwrite(written.get(), &card, sizeof(card), 0) < 0) abort();
  char number[16];
  snprintf(number, sizeof(number), "%d", written.get());
  if (started_before_) view_.supervision().keeper_restarts.fetch_add(1);
  started_before_ = true;
  if (stdout_fd == kInMemory) stdout_fd = stdout_file_.get();
  const int stderr_fd = stderr_file_.get();
  keeper_ = fork();
  if (keeper_ != 0) return;
  // Files in memory are appended to, whoever writes.
  if (stdout_fd == kClosed) {
    // As the supervisor leaves a descriptor that was closed from the start: there, but good for
    // nothing.
    dup2(open("/", O_PATH | O_CLOEXEC), 1);
  } else {
    fcntl(stdout_fd, F_SETFL, fcntl(stdout_fd, F_GETFL) | O_APPEND);
    dup2(stdout_fd, 1);
  }
  fcntl(stderr_fd, F_SETFL, fcntl(stderr_fd, F_GETFL) | O_APPEND);
  dup2(stderr_fd, 2);
  for (const int fd : {card.segment, card.spool, card.channel, card.service_bell, card.keeper_bell,
                       card.captured_out, card.captured_err, written.get()})
    fcntl(fd, F_SETFD, 0);
  for (const int fd : listeners_) fcntl(fd, F_SETFD, 0);
  execl("/proc/self/exe", "tested", kAsk, number, nullptr);
  _exit(127);
}

void Crew::kill_keeper(int signal) {
  kill(keeper_, signal);
  int status = 0;
  waitpid(keeper_, &status, 0);
  keeper_ = -1;
  view_.supervision().keeper_last_code = CLD_KILLED;
  view_.supervision().keeper_last_status = signal;
}

int Crew::wait_for_keeper(int seconds) {
  int status = -1;
  if (!eventually([&] { return waitpid(keeper_, &status, WNOHANG) == keeper_; }, seconds))
    return -1;
  keeper_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void Crew::say_service_ended(int code, int status) {
  const segment::Message message{segment::Word::kServiceEnded, status, code, 0};
  if (send(channel_.get(), &message, sizeof(message), MSG_NOSIGNAL) < 0)
    ADD_FAILURE() << strerror(errno);
}

void Crew::say_drain() {
  const segment::Message message{segment::Word::kDrain, 25'000, 0, 0};
  if (send(channel_.get(), &message, sizeof(message), MSG_NOSIGNAL) < 0)
    ADD_FAILURE() << strerror(errno);
}

std::vector<segment::Message> Crew::hear() {
  std::vector<segment::Message> heard;
  for (;;) {
    segment::Message message;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    iovec part{&message, sizeof(message)};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof(control);
    if (recvmsg(channel_.get(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) !=
        static_cast<ssize_t>(sizeof(message)))
      return heard;
    heard.push_back(message);
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
      int fd = -1;
      memcpy(&fd, CMSG_DATA(c), sizeof(fd));
      listeners_.push_back(fd);
    }
  }
}

std::string Crew::output() const { return content(stdout_file_.get()); }
std::string Crew::complaints() const { return content(stderr_file_.get()); }

std::string field_of(const std::string& line, std::string_view name) {
  const std::string key = "\"" + std::string(name) + "\":";
  const size_t at = line.find(key);
  if (at == std::string::npos) return {};
  size_t begin = at + key.size();
  if (begin < line.size() && line[begin] == '"') {
    ++begin;
    return line.substr(begin, line.find('"', begin) - begin);
  }
  return line.substr(begin, line.find_first_of(",}", begin) - begin);
}

}  // namespace outrigger::keeper
