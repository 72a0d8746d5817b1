// A plain epoll loop that sends back what it gets. after.cc is the same, adopted.
//
//     before PORT
#include <arpa/inet.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>

namespace {

volatile sig_atomic_t g_stop = 0;

int listen_on(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(fd, 64) != 0) {
    perror("cannot listen");
    exit(1);
  }
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  printf("listening on port %d\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

void watch(int loop, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event);
}

void echo(int fd) {
  char bytes[4096];
  const ssize_t size = read(fd, bytes, sizeof(bytes));
  if (size <= 0 || write(fd, bytes, static_cast<size_t>(size)) != size) close(fd);
}

int serve(int argc, char** argv) {
  const int listener = listen_on(argc > 1 ? atoi(argv[1]) : 9000);
  const int loop = epoll_create1(EPOLL_CLOEXEC);
  watch(loop, listener);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGTERM, [](int) { g_stop = 1; });
  while (g_stop == 0) {
    epoll_event events[64];
    const int count = epoll_wait(loop, events, 64, 1000);
    for (int i = 0; i < count; ++i) {
      const int fd = events[i].data.fd;
      if (fd == listener) watch(loop, accept4(fd, nullptr, nullptr, SOCK_CLOEXEC));
      else echo(fd);
    }
  }
  printf("ended\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return serve(argc, argv); }
