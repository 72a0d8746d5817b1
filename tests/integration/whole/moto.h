// moto's server as a child of a test, on a free port, and calls to it.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "harness.h"

namespace outrigger::whole {

class Moto {
 public:
  Moto() : port_(free_port()) {
    const std::string port = std::to_string(port_);
    pid_ = fork();
    if (pid_ == 0) {
      setpgid(0, 0);
      const int null = open("/dev/null", O_RDWR);
      dup2(null, STDOUT_FILENO);
      dup2(null, STDERR_FILENO);
      execl(MOTO_SERVER, MOTO_SERVER, "-p", port.c_str(), nullptr);
      _exit(127);
    }
    started_ = eventually(60s, [&] { return http(port_, "/moto-api/data.json").status == 200; });
  }
  ~Moto() {
    kill(-pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  bool started() const { return started_; }
  int port() const { return port_; }

 private:
  int port_;
  pid_t pid_ = -1;
  bool started_ = false;
};

// One signed POST; moto looks at no signature here, but at the scope for the service.
inline std::string moto_call(int port, const std::string& service, const std::string& headers,
                             const std::string& body) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    const std::string request =
        "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" + headers +
        "Authorization: AWS4-HMAC-SHA256 Credential=test/20261124/us-east-1/" + service +
        "/aws4_request, SignedHeaders=host, Signature=0\r\nContent-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body;
    send(fd, request.data(), request.size(), MSG_NOSIGNAL);
    char bytes[65536];
    for (ssize_t count; (count = recv(fd, bytes, sizeof bytes, 0)) > 0;)
      answer.append(bytes, static_cast<size_t>(count));
  }
  close(fd);
  return answer;
}

inline std::string logs_call(int port, const std::string& operation, const std::string& body) {
  return moto_call(port, "logs",
                   "Content-Type: application/x-amz-json-1.1\r\nX-Amz-Target: Logs_20140328." +
                       operation + "\r\n",
                   body);
}

}  // namespace outrigger::whole
