#include "harness.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace outrigger::whole {

using Clock = std::chrono::steady_clock;

Scratch::Scratch() {
  char name[] = "/dev/shm/outrigger-test-XXXXXX";
  directory_ = mkdtemp(name);
}
Scratch::~Scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

int free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return ntohs(address.sin_port);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

bool eventually(std::chrono::milliseconds limit, const std::function<bool()>& holds) {
  const auto end = Clock::now() + limit;
  for (;;) {
    if (holds()) return true;
    if (Clock::now() > end) return false;
    std::this_thread::sleep_for(5ms);
  }
}

HttpAnswer http(int port, std::string_view path, std::string_view method,
                std::chrono::milliseconds timeout, std::string_view headers) {
  HttpAnswer answer;
  const auto begin = Clock::now();
  const auto end = begin + timeout;
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string text;
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) {
    std::string request(method);
    request.append(" ").append(path).append(
        " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    request.append(headers).append("\r\n");
    if (send(fd, request.data(), request.size(), MSG_NOSIGNAL) ==
        static_cast<ssize_t>(request.size())) {
      char buffer[16384];
      for (;;) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
        pollfd ready{fd, POLLIN, 0};
        if (left <= 0 || poll(&ready, 1, static_cast<int>(left)) <= 0) break;
        const ssize_t n = recv(fd, buffer, sizeof(buffer), 0);
        if (n <= 0) break;
        text.append(buffer, static_cast<size_t>(n));
      }
    }
  }
  close(fd);
  answer.took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin);
  if (text.rfind("HTTP/1.", 0) == 0 && text.size() > 12) answer.status = atoi(text.c_str() + 9);
  const size_t body = text.find("\r\n\r\n");
  if (body != std::string::npos) answer.body = text.substr(body + 4);
  return answer;
}

Program::Program(const std::string& file, const std::vector<std::string>& arguments,
                 const StartOptions& options)
    : stdout_path_(options.stdout_path.empty() ? scratch_.path("out") : options.stdout_path),
      stderr_path_(scratch_.path("err")) {
  std::vector<char*> argv{const_cast<char*>(file.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_ = fork();
  if (pid_ != 0) return;
  const int out = open(stdout_path_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  const int err = open(stderr_path_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  close(out);
  close(err);
  for (const std::string& variable : options.environment)
    putenv(const_cast<char*>(variable.c_str()));
  if (options.in_child) options.in_child();
  execv(file.c_str(), argv.data());
  _exit(127);
}

Program::~Program() {
  if (status_) return;
  kill(pid_, SIGTERM);
  if (!wait(10s)) {
    kill(pid_, SIGKILL);
    wait(5s);
  }
}

std::optional<int> Program::wait(std::chrono::milliseconds limit) {
  eventually(limit, [this] {
    int status = 0;
    if (!status_ && waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
    return status_.has_value();
  });
  return status_;
}

int Program::exit_status(std::chrono::milliseconds limit) {
  const auto status = wait(limit);
  if (!status) return -1;
  return WIFEXITED(*status) ? WEXITSTATUS(*status) : 128 + WTERMSIG(*status);
}

int Program::port_after(std::string_view marker, std::chrono::milliseconds limit) {
  int port = 0;
  eventually(limit, [&] {
    for (const std::string& text : {err(), out()}) {
      const size_t at = text.find(marker);
      if (at == std::string::npos) continue;
      const size_t colon = text.find(':', at + marker.size());  // behind the IPv4 address
      if (colon != std::string::npos) port = atoi(text.c_str() + colon + 1);
      if (port != 0) return true;
    }
    return status_.has_value();
  });
  return port;
}

int Program::admin_port(std::chrono::milliseconds limit) {
  if (admin_port_ == 0) admin_port_ = port_after("admin on http://", limit);
  return admin_port_;
}
int Program::service_port(std::chrono::milliseconds limit) {
  if (service_port_ == 0) service_port_ = port_after("answers on http://", limit);
  return service_port_;
}

pid_t Program::service_pid() {
  const std::string health = http(admin_port(), "/health").body;
  const size_t process = health.find("\"process\"");
  return process == std::string::npos
             ? -1
             : static_cast<pid_t>(json_number(health.substr(process), "pid").value_or(-1));
}
void Program::signal_service(int signal) {
  const pid_t service = service_pid();
  if (service <= 1) throw std::runtime_error("the service's pid is not known: " + err());
  kill(service, signal);
}
pid_t Program::keeper_pid() {
  const std::string health = http(admin_port(), "/health").body;
  const size_t keeper = health.find("\"keeper\"");
  return keeper == std::string::npos
             ? -1
             : static_cast<pid_t>(json_number(health.substr(keeper), "pid").value_or(-1));
}

std::optional<int64_t> json_number(std::string_view json, std::string_view name) {
  const std::string key = "\"" + std::string(name) + "\":";
  const size_t at = json.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  char* end = nullptr;
  const std::string rest(json.substr(at + key.size(), 24));
  const long long value = strtoll(rest.c_str(), &end, 10);
  if (end == rest.c_str()) return std::nullopt;
  return value;
}

std::string json_text(std::string_view json, std::string_view name) {
  const std::string key = "\"" + std::string(name) + "\":\"";
  const size_t at = json.find(key);
  if (at == std::string_view::npos) return {};
  const size_t begin = at + key.size();
  return std::string(json.substr(begin, json.find('"', begin) - begin));
}

void for_each_line(std::string_view text, const std::function<void(std::string_view)>& visit) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    visit(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

}  // namespace outrigger::whole
