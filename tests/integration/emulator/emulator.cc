#include "emulator.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace outrigger::test {
namespace {

constexpr int kStartMs = 60'000;

std::string read_line(int fd) {
  std::string line;
  pollfd ready{fd, POLLIN, 0};
  char c = 0;
  while (poll(&ready, 1, kStartMs) == 1 && read(fd, &c, 1) == 1 && c != '\n') line += c;
  return line;
}

int port_behind(const std::string& line, const std::string& scheme) {
  const size_t at = line.find(scheme + "://127.0.0.1:");
  return at == std::string::npos ? 0 : std::stoi(line.substr(at + scheme.size() + 13));
}

}  // namespace

Emulator::Emulator(std::vector<std::string> options) {
  char name[] = "/dev/shm/outrigger-emulator-XXXXXX";
  directory_ = mkdtemp(name);
  std::vector<std::string> words = {AWS_EMULATOR, "--exit-with-parent", "--ca-file", ca_file()};
  words.insert(words.end(), options.begin(), options.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return;
  pid_ = fork();
  if (pid_ == 0) {
    dup2(ends[1], STDOUT_FILENO);
    execv(argv[0], argv.data());
    _exit(127);
  }
  close(ends[1]);
  const std::string line = read_line(ends[0]);
  close(ends[0]);
  port_ = port_behind(line, "http");
  tls_port_ = port_behind(line, "https");
}

Emulator::~Emulator() {
  if (pid_ > 0) {
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
  }
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::vector<std::string> Emulator::environment() const {
  return {"AWS_REGION=us-east-1",
          "AWS_ACCESS_KEY_ID=AKIAEMULATOR00000000",
          "AWS_SECRET_ACCESS_KEY=emulator/secret+key/of+forty/characters0",
          "AWS_EC2_METADATA_DISABLED=true",
          "AWS_ENDPOINT_URL=" + tls_url(),
          "AWS_CA_BUNDLE=" + ca_file(),
          "SSL_CERT_FILE=" + ca_file()};
}

std::vector<std::string> Emulator::instance_environment() const {
  return {"AWS_EC2_METADATA_SERVICE_ENDPOINT=" + url(), "AWS_ENDPOINT_URL=" + tls_url(),
          "AWS_CA_BUNDLE=" + ca_file(), "SSL_CERT_FILE=" + ca_file()};
}

std::string Emulator::control(std::string_view method, std::string_view what,
                              std::string_view body) const {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port_));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    std::string request(method);
    request.append(" /_emulator/").append(what).append(" HTTP/1.1\r\nHost: localhost\r\n");
    request.append("Connection: close\r\nContent-Length: " + std::to_string(body.size()));
    request.append("\r\n\r\n").append(body);
    send(fd, request.data(), request.size(), MSG_NOSIGNAL);
    char bytes[65536];
    for (;;) {
      const ssize_t count = recv(fd, bytes, sizeof bytes, 0);
      if (count <= 0) break;
      answer.append(bytes, static_cast<size_t>(count));
    }
  }
  close(fd);
  const size_t head = answer.find("\r\n\r\n");
  return head == std::string::npos ? std::string() : answer.substr(head + 4);
}

int64_t Emulator::count(const std::vector<std::string>& path) const {
  const std::string text = report();
  size_t at = 0;
  for (const std::string& name : path) {
    const std::string key = "\"" + name + "\":";
    at = text.find(key, at);
    if (at == std::string::npos) return -1;
    at += key.size();
  }
  return std::strtoll(text.c_str() + at, nullptr, 10);
}

}  // namespace outrigger::test
