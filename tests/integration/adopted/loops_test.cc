// Programs with event loops of their own, before and after they were adopted.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "programs.h"

namespace outrigger::whole {
namespace {

std::string echoed(int port, std::string_view text) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  char back[100];
  ssize_t size = 0;
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
      write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size())) {
    size = read(fd, back, sizeof(back));
  }
  close(fd);
  return {back, static_cast<size_t>(std::max<ssize_t>(size, 0))};
}

// The beat of that name reached the page: the loop itself has run.
bool beats(int admin) {
  return eventually(
      60s, [&] { return json_number(http(admin, "/health").body, "beat_age_ms").has_value(); });
}

TEST(AdoptedEpoll, before_and_after_do_the_same) {
  for (const char* file : {EPOLL_BEFORE, EPOLL_AFTER}) {
    Program program(file, {"0"}, {.environment = kAdoptedVariables});
    const int port = port_of(program);
    ASSERT_NE(port, 0) << program.err();
    EXPECT_EQ(echoed(port, "hello"), "hello");
    kill(program.pid(), SIGTERM);
    EXPECT_EQ(program.exit_status(60s), 0) << program.err();
    EXPECT_EQ(count_of(program.out(), "ended\n"), 1u) << program.out();
  }
}

TEST(AdoptedEpoll, its_loop_beats_and_a_stopped_one_is_noticed) {
  Program program(EPOLL_AFTER, {"0"}, {.environment = kAdoptedVariables});
  ASSERT_NE(port_of(program), 0) << program.err();
  const int admin = program.admin_port();
  ASSERT_TRUE(beats(admin));
  EXPECT_EQ(http(admin, "/livez").status, 200);
  const pid_t service = program.service_pid();
  kill(service, SIGSTOP);
  EXPECT_TRUE(eventually(60s, [&] { return http(admin, "/livez").status == 503; }));
  kill(service, SIGCONT);
  EXPECT_TRUE(eventually(60s, [&] { return http(admin, "/livez").status == 200; }));
}

TEST(AdoptedBeast, before_and_after_do_the_same) {
  for (const char* file : {BEAST_BEFORE, BEAST_AFTER}) {
    Program program(file, {"--port", "0"}, {.environment = kAdoptedVariables});
    const int port = port_of(program);
    ASSERT_NE(port, 0) << program.err();
    EXPECT_EQ(http(port, "/the/moon").body, "you asked for /the/moon\n");
    if (file == std::string_view(BEAST_AFTER)) {
      EXPECT_TRUE(beats(program.admin_port()));
      EXPECT_TRUE(eventually(60s, [&] {
        return program.out().find("answered /the/moon (after.cc:") != std::string::npos;
      })) << program.out();
    }
    kill(program.pid(), SIGTERM);
    EXPECT_EQ(program.exit_status(60s), 0) << program.err();
  }
}

TEST(AdoptedBeast, its_own_flags_are_its_own) {
  Program wrong(BEAST_AFTER, {"--prt", "0"}, {.environment = kAdoptedVariables});
  EXPECT_EQ(wrong.exit_status(60s), 2);
  EXPECT_NE((wrong.out() + wrong.err()).find("usage: --port PORT"), std::string::npos)
      << wrong.out() << wrong.err();
  Program version(BEAST_AFTER, {"version"});
  EXPECT_EQ(version.exit_status(60s), 0);
  EXPECT_EQ(version.out().substr(0, 4), "1.0.");
}

}  // namespace
}  // namespace outrigger::whole
