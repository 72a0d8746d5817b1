#include "client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"

namespace outrigger::keeper {
namespace {

base::Fd connect_to(std::string_view address) {
  sockaddr_storage storage{};
  socklen_t size;
  if (address.starts_with('@')) {
    auto& un = reinterpret_cast<sockaddr_un&>(storage);
    un.sun_family = AF_UNIX;
    memcpy(un.sun_path + 1, address.data() + 1, address.size() - 1);
    size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  } else {
    auto& in = reinterpret_cast<sockaddr_in&>(storage);
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    in.sin_port = htons(
        static_cast<uint16_t>(atoi(std::string(address.substr(address.rfind(':') + 1)).c_str())));
    size = sizeof(in);
  }
  base::Fd fd(socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{10, 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&storage), size) != 0) fd.reset();
  return fd;
}

std::string without_spaces(std::string_view text) {
  std::string kept;
  for (const char c : text)
    if (c != ' ' && c != '\n') kept += c;
  return kept;
}

}  // namespace

bool Answer::has(std::string_view text) const {
  return without_spaces(body).find(without_spaces(text)) != std::string::npos;
}

Answer ask(std::string_view address, std::string_view method, std::string_view path) {
  const base::Fd fd = connect_to(address);
  if (!fd) return {};
  const std::string request =
      std::string(method) + " " + std::string(path) +
      " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
  if (send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return {};
  std::string text;
  char bytes[4096];
  for (ssize_t got; (got = recv(fd.get(), bytes, sizeof(bytes), 0)) > 0;)
    text.append(bytes, static_cast<size_t>(got));
  const size_t space = text.find(' ');
  const size_t body = text.find("\r\n\r\n");
  if (space == std::string::npos || body == std::string::npos) return {};
  return {atoi(text.c_str() + space), text.substr(body + 4)};
}

}  // namespace outrigger::keeper
