// Words, listeners, relief, notification: the supervisor's small parts against real descriptors.
#include "supervisor/channel.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>

#include "supervisor/listeners.h"
#include "supervisor/notify.h"
#include "supervisor/process_info.h"
#include "supervisor/relief.h"
#include "supervisor/shared.h"

namespace outrigger::supervisor {
namespace {

using segment::Message;
using segment::Word;

bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

void send_with_passenger(int channel, int passenger, size_t bytes = sizeof(Message)) {
  Message message{Word::kListener, 0, 0, 0};
  iovec part{&message, bytes};
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
  memcpy(CMSG_DATA(c), &passenger, sizeof passenger);
  ASSERT_EQ(sendmsg(channel, &header, MSG_NOSIGNAL), static_cast<ssize_t>(bytes));
}

TEST(ChannelTest, word_arrives_with_its_values) {
  Channel channel = make_channel();
  Message message{};
  EXPECT_EQ(hear(channel.theirs.get(), message, nullptr), Heard::kNothing);
  say(channel.ours.get(), Word::kServiceEnded, 9, 2);
  ASSERT_EQ(hear(channel.theirs.get(), message, nullptr), Heard::kWord);
  EXPECT_EQ(message.word, Word::kServiceEnded);
  EXPECT_EQ(message.value, 9);
  EXPECT_EQ(message.more, 2);
  EXPECT_EQ(hear(channel.theirs.get(), message, nullptr), Heard::kNothing);
}

TEST(ChannelTest, closed_peer_is_told) {
  Channel channel = make_channel();
  channel.ours.reset();
  Message message{};
  EXPECT_EQ(hear(channel.theirs.get(), message, nullptr), Heard::kClosed);
  say(channel.theirs.get(), Word::kReady);  // and nobody dies of SIGPIPE
}

TEST(ChannelTest, saying_never_blocks) {
  Channel channel = make_channel();
  for (int i = 0; i < 10'000; ++i) say(channel.ours.get(), Word::kReady);
}

TEST(ChannelTest, messages_of_a_wrong_size_are_skipped) {
  Channel channel = make_channel();
  const char large[100] = {};
  ASSERT_EQ(send(channel.ours.get(), large, sizeof large, 0), 100);
  ASSERT_EQ(send(channel.ours.get(), large, 3, 0), 3);
  say(channel.ours.get(), Word::kReady);
  Message message{};
  ASSERT_EQ(hear(channel.theirs.get(), message, nullptr), Heard::kWord);
  EXPECT_EQ(message.word, Word::kReady);
}

TEST(ChannelTest, passenger_arrives_close_on_exec) {
  Channel channel = make_channel();
  send_with_passenger(channel.ours.get(), STDIN_FILENO);
  Message message{};
  base::Fd passenger;
  ASSERT_EQ(hear(channel.theirs.get(), message, &passenger), Heard::kWord);
  ASSERT_TRUE(passenger);
  EXPECT_EQ(fcntl(passenger.get(), F_GETFD), FD_CLOEXEC);
}

TEST(ChannelTest, passenger_nobody_asked_for_or_of_a_bad_message_is_closed) {
  Channel channel = make_channel();
  const int next_free = dup(STDIN_FILENO);
  close(next_free);
  send_with_passenger(channel.ours.get(), STDIN_FILENO);
  send_with_passenger(channel.ours.get(), STDIN_FILENO, 4);
  Message message{};
  base::Fd passenger;
  ASSERT_EQ(hear(channel.theirs.get(), message, nullptr), Heard::kWord);
  EXPECT_EQ(hear(channel.theirs.get(), message, &passenger), Heard::kNothing);
  EXPECT_FALSE(passenger);
  EXPECT_FALSE(is_open(next_free));
}

TEST(ListenersTest, keeps_each_socket_once_and_no_more_than_the_bound) {
  Listeners listeners;
  const base::Fd first(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  listeners.keep(base::Fd(dup(first.get())));
  listeners.keep(base::Fd(dup(first.get())));
  EXPECT_EQ(listeners.count(), 1);
  for (int i = 0; i < 2 * segment::kListenersMax; ++i) {
    listeners.keep(base::Fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)));
  }
  EXPECT_EQ(listeners.count(), segment::kListenersMax);
  segment::RoleCard card{};
  listeners.write_to(card);
  EXPECT_EQ(card.listener_count, segment::kListenersMax);
  for (const int fd : card.listeners) EXPECT_TRUE(is_open(fd));
}

TEST(ListenersTest, refuses_what_is_no_socket) {
  Listeners listeners;
  listeners.keep(base::Fd(open("/dev/null", O_RDONLY | O_CLOEXEC)));
  listeners.keep(base::Fd());
  EXPECT_EQ(listeners.count(), 0);
}

std::string read_all(int fd) {
  std::string text;
  char bytes[65536];
  ssize_t size = 0;
  while ((size = read(fd, bytes, sizeof bytes)) > 0) text.append(bytes, static_cast<size_t>(size));
  return text;
}

TEST(ReliefTest, passes_bytes_on_and_stops_when_nothing_is_there) {
  int captured[2];
  int out[2];
  ASSERT_EQ(pipe2(captured, O_CLOEXEC), 0);
  ASSERT_EQ(pipe2(out, O_CLOEXEC | O_NONBLOCK), 0);
  ASSERT_EQ(write(captured[1], "last words\n", 11), 11);
  pass_on(captured[0], out[1]);
  EXPECT_EQ(read_all(out[0]), "last words\n");
}

TEST(ReliefTest, stalled_output_is_not_waited_for) {
  int captured[2];
  int out[2];
  ASSERT_EQ(pipe2(captured, O_CLOEXEC), 0);
  ASSERT_EQ(pipe2(out, O_CLOEXEC), 0);
  fcntl(out[1], F_SETFL, O_NONBLOCK);
  const std::string page(4096, 'x');
  while (write(out[1], page.data(), page.size()) > 0) {
  }
  fcntl(out[1], F_SETFL, 0);
  ASSERT_EQ(write(captured[1], "kept", 4), 4);
  pass_on(captured[0], out[1]);
  char bytes[8];
  EXPECT_EQ(read(captured[0], bytes, sizeof bytes), 4);
}

TEST(ReliefTest, refused_bytes_are_dropped_so_that_the_pipe_empties) {
  int captured[2];
  ASSERT_EQ(pipe2(captured, O_CLOEXEC | O_NONBLOCK), 0);
  ASSERT_EQ(write(captured[1], "nobody", 6), 6);
  const base::Fd refuses(open("/", O_PATH | O_CLOEXEC));
  pass_on(captured[0], refuses.get());
  char bytes[8];
  EXPECT_EQ(read(captured[0], bytes, sizeof bytes), -1);
}

class NotifyTest : public testing::Test {
 protected:
  NotifyTest() {
    name_ = "@outrigger-test-" + std::to_string(getpid());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    memcpy(address.sun_path, name_.data(), name_.size());
    address.sun_path[0] = '\0';
    listener_.reset(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    EXPECT_EQ(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    setenv("NOTIFY_SOCKET", name_.c_str(), 1);
  }
  ~NotifyTest() override {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) unsetenv(name);
  }
  std::string heard() {
    char bytes[100];
    const ssize_t size = recv(listener_.get(), bytes, sizeof bytes, 0);
    return size < 0 ? "" : std::string(bytes, static_cast<size_t>(size));
  }

  std::string name_;
  base::Fd listener_;
};

TEST_F(NotifyTest, tells_ready_and_stopping) {
  Notifier notifier;
  notifier.ready();
  notifier.stopping();
  notifier.alive();  // nobody asked for it
  EXPECT_EQ(heard(), "READY=1");
  EXPECT_EQ(heard(), "STOPPING=1");
  EXPECT_EQ(heard(), "");
}

TEST_F(NotifyTest, feeds_the_watchdog_twice_an_interval) {
  setenv("WATCHDOG_USEC", "3000000", 1);
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  Notifier notifier;
  EXPECT_EQ(notifier.watchdog_interval_ns(), 1'500'000'000);
  notifier.alive();
  EXPECT_EQ(heard(), "WATCHDOG=1");
}

TEST_F(NotifyTest, watchdog_of_another_process_or_out_of_range_is_not_ours) {
  setenv("WATCHDOG_USEC", "3000000", 1);
  setenv("WATCHDOG_PID", "1", 1);
  EXPECT_EQ(Notifier().watchdog_interval_ns(), 0);
  unsetenv("WATCHDOG_PID");
  for (const char* usec : {"0", "-5", "nonsense", "99999999999999999999"}) {
    setenv("WATCHDOG_USEC", usec, 1);
    EXPECT_EQ(Notifier().watchdog_interval_ns(), 0) << usec;
  }
}

TEST_F(NotifyTest, word_that_finds_the_queue_full_is_said_again) {
  const base::Fd crowd(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  socklen_t size = sizeof address;
  ASSERT_EQ(getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  while (sendto(crowd.get(), "x", 1, 0, reinterpret_cast<sockaddr*>(&address), size) == 1) {
  }
  Notifier notifier;
  notifier.ready();
  while (heard() == "x") {
  }
  notifier.retry();
  EXPECT_EQ(heard(), "READY=1");
  notifier.retry();
  EXPECT_EQ(heard(), "");
}

// A file that nobody has in memory, so that each page of it is waited for.
TEST(ProcessInfo, counts_waits_for_pages_of_files) {
  EXPECT_EQ(major_faults(0x3fffffff), 0u);
  char path[] = "pages-XXXXXX";
  const base::Fd file(mkstemp(path));
  unlink(path);
  constexpr size_t kBytes = 1u << 20;
  const std::string text(kBytes, 'x');
  ASSERT_EQ(write(file.get(), text.data(), kBytes), static_cast<ssize_t>(kBytes));
  fsync(file.get());
  posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
  void* const mapped = mmap(nullptr, kBytes, PROT_READ, MAP_PRIVATE, file.get(), 0);
  ASSERT_NE(mapped, MAP_FAILED);
  unsigned char resident = 0;
  ASSERT_EQ(mincore(mapped, 1, &resident), 0);
  if ((resident & 1) != 0) GTEST_SKIP() << "this directory's files are always in memory";
  const uint64_t before = major_faults(getpid());
  EXPECT_EQ(*static_cast<const volatile char*>(mapped), 'x');
  EXPECT_GT(major_faults(getpid()), before);
  munmap(mapped, kBytes);
}

TEST(NotifyWithoutSocket, says_nothing_anywhere) {
  for (const char* path : {"", "@", "relative", "vsock:2:1"}) {
    setenv("NOTIFY_SOCKET", path, 1);
    const int next_free = dup(STDIN_FILENO);
    close(next_free);
    Notifier notifier;
    notifier.ready();
    EXPECT_FALSE(is_open(next_free)) << path;
  }
  unsetenv("NOTIFY_SOCKET");
}

}  // namespace
}  // namespace outrigger::supervisor
