// A server for tests of the client: it accepts one connection, reads a request's header, says what
// it was told to say, and closes. Everything is bounded in time.
#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <functional>
#include <string>
#include <thread>

#include "base/fd.h"

namespace outrigger::http {

class ScriptServer {
 public:
  // `serve` is called with the accepted descriptor, on a thread.
  explicit ScriptServer(std::function<void(int fd)> serve) {
    listener_.reset(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof in;
    bind(listener_.get(), reinterpret_cast<sockaddr*>(&in), sizeof in);
    listen(listener_.get(), 16);
    getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&in), &size);
    port_ = ntohs(in.sin_port);
    thread_ = std::thread([this, serve = std::move(serve)] {
      // OpenSSL's own BIO writes with SIGPIPE; only this side of the test uses it.
      sigset_t pipe;
      sigemptyset(&pipe);
      sigaddset(&pipe, SIGPIPE);
      pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
      pollfd poll{listener_.get(), POLLIN, 0};
      if (::poll(&poll, 1, 20'000) != 1) return;
      const base::Fd fd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      const timeval patience{20, 0};
      setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      serve(fd.get());
    });
  }
  ~ScriptServer() { thread_.join(); }

  int port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  static std::string read_header(int fd) {
    std::string all;
    char byte;
    while (!all.ends_with("\r\n\r\n") && recv(fd, &byte, 1, 0) == 1) all += byte;
    return all;
  }
  static void say(int fd, std::string_view text) {
    (void)!send(fd, text.data(), text.size(), MSG_NOSIGNAL);
  }

 private:
  base::Fd listener_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace outrigger::http
