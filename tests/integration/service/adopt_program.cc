// A program with a main of its own, adopted. Its first word says how it takes its SIGTERM.
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>

#include "outrigger/outrigger.h"
#include "stand_in.h"

namespace {

using outrigger::test::tell;
using namespace std::chrono_literals;

std::atomic<bool> g_stop{false};

void own_handler(int) { g_stop = true; }

void wait_for_stop() {
  while (!g_stop) usleep(2000);
}

int old_main(int argc, char** argv) {
  std::string words;
  for (int i = 1; i < argc; ++i) words += std::string(" ") + argv[i];
  tell("main", "words" + words);
  const std::string_view how = argc > 1 ? argv[1] : "";
  if (how == "--hook") {
    outrigger::on_drain([] {
      tell("main", "on_drain");
      g_stop = true;
    });
    outrigger::on_stop([] { tell("main", "on_stop"); });
    tell("main", "waits");
    wait_for_stop();
  } else if (how == "--handler") {
    struct sigaction action = {};
    action.sa_handler = own_handler;
    sigaction(SIGTERM, &action, nullptr);
    tell("main", "waits");
    wait_for_stop();
    tell("main", "own handler");
  } else if (how == "--sigwait") {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    tell("main", "waits");
    int signal = 0;
    sigwait(&set, &signal);
    tell("main", "waited for " + std::to_string(signal));
  } else if (how == "--nothing") {
    tell("main", "waits");
    while (true) pause();
  } else if (how == "--ready") {
    outrigger::ready();
    outrigger::beat();
    tell("main", "waits");
    while (true) pause();
  } else if (how == "--readiness") {
    const outrigger::ReadinessWatch watch(
        [](bool ready) { tell("main", ready ? "is ready" : "is not ready"); });
    outrigger::on_drain([] { g_stop = true; });
    tell("main", "waits");
    wait_for_stop();
  } else if (how == "--crash-handler") {
    // As a library's own: it says something, then lets the signal do what it does.
    struct sigaction action = {};
    action.sa_handler = [](int signal) {
      const char line[] = "own crash handler\n";
      if (write(STDERR_FILENO, line, sizeof(line) - 1) < 0) _exit(1);
      ::signal(signal, SIG_DFL);
      raise(signal);
    };
    sigaction(SIGSEGV, &action, nullptr);
    raise(SIGSEGV);
  } else if (how == "--exit") {
    exit(5);
  }
  return 3;
}

}  // namespace

int main(int argc, char** argv) {
  outrigger::on_start([]() -> outrigger::Result<void> {
    tell("main", "on_start");
    if (getenv("START_FAILS") != nullptr) return outrigger::failed("no moon");
    return {};
  });
  return outrigger::adopt(
      {.name = "orders", .ready_when_called = getenv("READY_WHEN_CALLED") != nullptr}, argc, argv,
      old_main);
}
