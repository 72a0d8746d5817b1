#include "delivery/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/fd.h"

namespace outrigger::delivery {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kTextBytesMax = 64u << 10;

// What init systems' tools look at: no pager, no colours, words that do not depend on the locale.
std::vector<std::string> quiet_environment() {
  std::vector<std::string> variables;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view one(*each);
    if (one.starts_with("LC_") || one.starts_with("LANG") || one.starts_with("SYSTEMD_")) continue;
    variables.emplace_back(one);
  }
  variables.insert(variables.end(), {"LC_ALL=C", "SYSTEMD_PAGER=", "SYSTEMD_COLORS=0"});
  return variables;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

}  // namespace

std::string find_program(std::string_view name) {
  for (const char* directory : {"/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/"}) {
    std::string path = directory + std::string(name);
    if (access(path.c_str(), X_OK) == 0) return path;
  }
  return {};
}

Ended run_program(const std::vector<std::string>& words, std::chrono::milliseconds limit) {
  Ended ended;
  const std::string path = find_program(words.front());
  int ends[2];
  if (path.empty() || pipe2(ends, O_CLOEXEC) != 0) {
    ended.text = words.front() + " is not there";
    return ended;
  }
  base::Fd from(ends[0]);
  base::Fd to(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, to.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, to.get(), STDERR_FILENO);
  const std::vector<std::string> variables = quiet_environment();
  pid_t pid = -1;
  const int error = posix_spawn(&pid, path.c_str(), &actions, nullptr, pointers(words).data(),
                                pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  to.reset();
  if (error != 0) {
    ended.text = path + " cannot be started";
    return ended;
  }
  const auto deadline = Clock::now() + limit;
  // Its output ends with it: none of these tools leaves anyone behind.
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd ready{from.get(), POLLIN, 0};
    const int count = left > 0 ? poll(&ready, 1, static_cast<int>(left)) : 0;
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      ended.in_time = false;
      kill(pid, SIGKILL);
      break;
    }
    char bytes[4096];
    const ssize_t got = read(from.get(), bytes, sizeof bytes);
    if (got <= 0) break;
    if (ended.text.size() < kTextBytesMax) ended.text.append(bytes, static_cast<std::size_t>(got));
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ended;
}

}  // namespace outrigger::delivery
