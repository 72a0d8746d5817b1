// Clients that take without giving must not keep others from the admin port.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "harness.h"

namespace outrigger::whole {
namespace {

int connect_to(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) return fd;
  close(fd);
  return -1;
}

TEST(Clients, five_thousand_idle_ones_and_200_slow_ones_do_not_delay_livez) {
  rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_cur < 6'000)
    GTEST_SKIP() << "only " << files.rlim_cur << " descriptors are allowed here";

  Program program(LOGGER, {"run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--logs",
                           "stdout-json"});
  const int admin = program.admin_port();
  ASSERT_NE(admin, 0) << program.err();
  ASSERT_NE(program.service_port(), 0);
  std::vector<int> idle;
  for (int i = 0; i < 5'000; ++i) {
    const int fd = connect_to(admin);
    ASSERT_GE(fd, 0) << "connection " << i;
    idle.push_back(fd);
  }
  std::atomic<int> cut{0};
  std::jthread slow([&](const std::stop_token& stop) {
    std::vector<int> connections(200, -1);
    while (!stop.stop_requested()) {
      for (int& fd : connections) {
        if (fd < 0) {
          fd = connect_to(admin);
          if (fd >= 0) send(fd, "GET /livez HTTP/1.1\r\n", 21, MSG_NOSIGNAL);
        } else if (send(fd, "X", 1, MSG_NOSIGNAL) != 1) {
          ++cut;
          close(fd);
          fd = -1;
        }
      }
      std::this_thread::sleep_for(100ms);
    }
    for (const int fd : connections) close(fd);
  });

  std::vector<std::chrono::microseconds> took;
  const auto end = std::chrono::steady_clock::now() + 8s;
  while (std::chrono::steady_clock::now() < end) {
    const HttpAnswer answer = http(admin, "/livez");
    ASSERT_EQ(answer.status, 200);
    took.push_back(answer.took);
    std::this_thread::sleep_for(2ms);
  }
  slow.request_stop();
  slow.join();
  for (const int fd : idle) close(fd);
  std::sort(took.begin(), took.end());
  const auto p50 = took[took.size() / 2], p99 = took[took.size() * 99 / 100];
  printf(
      "/livez beside 5,000 idle and 200 slow clients: p50 %ld us, p99 %ld us, %zu requests, %d "
      "slow clients cut off\n",
      static_cast<long>(p50.count()), static_cast<long>(p99.count()), took.size(), cut.load());
  EXPECT_GT(cut.load(), 0) << "slow clients are never cut off";
  kill(program.pid(), SIGTERM);
  EXPECT_EQ(program.exit_status(kPatience), 0) << program.err();
}

}  // namespace
}  // namespace outrigger::whole
