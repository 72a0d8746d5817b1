#include "keeper/main.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <exception>
#include <string>
#include <thread>
#include <utility>

#include "base/text.h"
#include "base/threads.h"
#include "keeper/keeper.h"

namespace outrigger::keeper {
namespace {

// Of free memory.
constexpr int kKeptBytes = 8 << 20;

// What a person or an init system sends; the supervisor knows what to make of it.
int take_signals() {
  const sigset_t blocked = base::foreign_signals();
  sigprocmask(SIG_SETMASK, &blocked, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGTTOU, SIG_IGN);
  sigset_t taken;
  sigemptyset(&taken);
  for (const int each : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) sigaddset(&taken, each);
  return signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
}

class Thread : public ops::KeeperThread {
 public:
  explicit Thread(std::unique_ptr<Keeper> keeper) : keeper_(std::move(keeper)) {
    thread_ = base::start_thread("or-keeper", [this] { keeper_->run(); });
  }
  ~Thread() override {
    keeper_->stop();
    thread_.join();
  }

 private:
  std::unique_ptr<Keeper> keeper_;
  std::thread thread_;
};

}  // namespace

void run(const segment::RoleCard& card, int argc, char** argv) {
  // It holds credentials, and the service is another process of the same user: from here on neither
  // that one nor a core file sees this memory.
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  // One arena is enough for three threads that seldom allocate, and saves a megabyte.
  mallopt(M_ARENA_MAX, 1);
  // Batches come and go by the megabyte. What they leave is kept for the next ones, since fresh pages
  // cost more than what is done with them, and given back when there is nothing to do (Keeper).
  mallopt(M_MMAP_THRESHOLD, kKeptBytes);
  mallopt(M_TRIM_THRESHOLD, kKeptBytes);
  const std::string program(base::base_name(argc > 0 ? argv[0] : nullptr));
  std::string why;
  try {
    Keeper::Options options{card, program};
    options.signals = take_signals();
    auto keeper = Keeper::make(std::move(options));
    if (keeper.ok()) {
      (*keeper)->run();
      _exit(EXIT_SUCCESS);  // what threads and descriptors there are ends with the process
    }
    why = keeper.error().message;
  } catch (const std::exception& thrown) {
    why = thrown.what();
  }
  // The supervisor starts another; it may have more luck.
  base::write_line(STDERR_FILENO, program, ": keeper: ", why);
  _exit(EXIT_FAILURE);
}

Result<std::unique_ptr<ops::KeeperThread>> start_thread(const segment::RoleCard& card,
                                                        bool with_admin) {
  try {
    Keeper::Options options{card, std::string(base::base_name(program_invocation_name))};
    options.place = Keeper::Place::kThread;
    options.with_admin = with_admin;
    auto keeper = Keeper::make(std::move(options));
    if (!keeper.ok()) return keeper.error();
    if (with_admin) {
      if (Result<void> opened = (*keeper)->open_admin(); !opened.ok()) return opened.error();
    }
    std::unique_ptr<ops::KeeperThread> thread = std::make_unique<Thread>(std::move(*keeper));
    return thread;
  } catch (const std::exception& thrown) {
    return failed(std::string("cannot start the keeper: ") + thrown.what());
  }
}

}  // namespace outrigger::keeper
