// Listening sockets that the init system holds: the service's and the admin port's.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"

namespace outrigger::whole {
namespace {

struct Socket {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int port = 0;
  Socket() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(fd, 64), 0);
    EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port = ntohs(address.sin_port);
  }
  ~Socket() { close(fd); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
};

TEST(HandedSockets, serve_the_operations_and_the_admin_port_also_after_the_keeper_fell) {
  const Socket web, admin;
  StartOptions options;
  options.in_child = [&] {
    // First out of the way of each other, then to where sd_listen_fds(3) wants them.
    const int first = fcntl(web.fd, F_DUPFD, 20), second = fcntl(admin.fd, F_DUPFD, 20);
    dup2(first, 3);
    dup2(second, 4);
    setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
    setenv("LISTEN_FDS", "2", 1);
    setenv("LISTEN_FDNAMES", "web:admin", 1);
  };
  // Ports that would fail, were they opened.
  Program program(LOGGER, {"run", "--listen", "192.0.2.1:1", "--admin", "192.0.2.1:2"}, options);
  EXPECT_EQ(program.admin_port(), admin.port) << program.err();
  EXPECT_EQ(program.service_port(), web.port) << program.out() << program.err();
  EXPECT_EQ(http(web.port, "/ping").status, 200);
  EXPECT_EQ(http(admin.port, "/livez").status, 200);
  const pid_t keeper = program.keeper_pid();
  ASSERT_GT(keeper, 0);
  kill(keeper, SIGKILL);
  EXPECT_EQ(http(admin.port, "/livez").status, 200) << "a connection waits for the next keeper";
  EXPECT_NE(program.keeper_pid(), keeper);
  kill(program.pid(), SIGTERM);
  EXPECT_EQ(program.exit_status(kPatience), 0) << program.err();
}

}  // namespace
}  // namespace outrigger::whole
