// A service that tells of each step of its life. $LIFE says what is odd about it.
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <thread>

#include "outrigger/outrigger.h"
#include "stand_in.h"

namespace {

using namespace outrigger;
using test::tell;

bool is(const char* oddity) {
  const char* oddities = getenv("LIFE");
  return oddities != nullptr && strstr(oddities, oddity) != nullptr;
}

std::chrono::milliseconds time_from(const char* variable, std::chrono::milliseconds otherwise) {
  const char* text = getenv(variable);
  return text == nullptr ? otherwise : std::chrono::milliseconds(strtol(text, nullptr, 10));
}

// A constructor that never ends: run() is never reached.
struct SlowGlobal {
  SlowGlobal() {
    if (!is("slow_global")) return;
    tell("service", "constructing");
    while (true) pause();
  }
} g_slow_global;

// A child of fork(), without exec: it inherits the handlers.
void fork_and_signal() {
  const pid_t child = fork();
  if (child == 0) {
    while (true) pause();
  }
  kill(child, SIGTERM);
  int status = 0;
  waitpid(child, &status, 0);
  tell("service",
       WIFSIGNALED(status) ? "child ended by " + std::to_string(WTERMSIG(status)) : "child exited");
}

Result<void> start() {
  tell("service", "on_start");
  if (is("start_fails")) return failed("the moon is not full");
  if (is("start_throws")) throw std::runtime_error("no moon at all");
  if (is("forks")) fork_and_signal();
  if (is("stops_itself")) stop();
  if (is("prints")) printf("printed\n"), fflush(stdout);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  Service service{{.name = "life",
                   .stop_budget = time_from("LIFE_BUDGET_MS", 25s),
                   .lame_duck = time_from("LIFE_LAME_DUCK_MS", 5s)}};
  if (!is("mute"))
    service.operation("ping", "Answers.").does([]() -> Result<Json> { return Json("pong"); });
  service.check("steady", {.gates_readiness = true}, [] {
    tell("check", "ran");
    if (is("check_hangs")) {
      while (true) pause();
    }
    return pass();
  });
  service.on_start(start);
  service.on_drain([](Deadline deadline) {
    tell("service", deadline == Deadline::max() ? "on_drain without deadline" : "on_drain");
    if (is("never_drains")) {
      while (true) pause();
    }
    if (is("drain_throws")) throw 7;
  });
  service.on_stop([] { tell("service", "on_stop"); });
  const int status = run(argc, argv, service);
  tell("service", "returned " + std::to_string(status));
  return is("own_status") ? 33 : status;
}
