// Stands in for the operations object: a keeper that only listens, a server that serves nobody. How
// they behave is said by $STAND_IN: "no_port" and "no_keeper" refuse, "busy" never finishes its
// requests.
#include "stand_in.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"
#include "ops/ops.h"
#include "segment/layout.h"
#include "segment/mapping.h"
#include "supervisor/channel.h"

namespace outrigger::test {

void tell(std::string_view part, std::string_view what) {
  const char* path = getenv("CREW_REPORT");
  const base::Fd file(path == nullptr ? -1 : open(path, O_WRONLY | O_APPEND | O_CLOEXEC));
  // In one piece, since all processes append to the same file.
  const std::string line =
      std::string(part) + " " + std::to_string(getpid()) + " " + std::string(what) + "\n";
  if (write(file.get(), line.data(), line.size()) < 0) return;
}

namespace {

using segment::Word;

bool is(const char* kind) {
  const char* kinds = getenv("STAND_IN");
  return kinds != nullptr && strstr(kinds, kind) != nullptr;
}

class Server : public ops::Server {
 public:
  explicit Server(std::string address) : address_(std::move(address)) {}
  ~Server() override { tell("server", "closed"); }
  std::string address() const override { return address_; }
  void drain(std::chrono::milliseconds deadline) override {
    if (!told_.exchange(true)) tell("server", "drain");
    if (!is("busy")) return;
    // Requests that never end, until a deadline cuts them off.
    std::unique_lock lock(mutex_);
    cut_.wait_for(lock, deadline, [this] { return is_cut_; });
    is_cut_ = true;
    cut_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable cut_;
  bool is_cut_ = false;
  std::string address_;
  std::atomic<bool> told_ = false;
};

struct KeeperThread : ops::KeeperThread {
  ~KeeperThread() override { tell("keeper_thread", "ended"); }
};

Result<std::unique_ptr<ops::Server>> serve(ops::ServeOptions options) {
  if (is("no_port")) return failed("cannot listen on " + options.addresses.front() + ": taken");
  options.on_beat();
  return std::unique_ptr<ops::Server>(std::make_unique<Server>(options.addresses.front()));
}

Result<http::Response> fetch(const http::Request&) { return failed("nobody to ask"); }

Result<std::unique_ptr<ops::KeeperThread>> keeper_thread(const segment::RoleCard& card,
                                                         bool with_admin) {
  if (is("no_keeper")) return failed("cannot listen on the admin port: taken");
  const segment::View view(segment::map(card.segment));
  const auto* bytes = reinterpret_cast<const char*>(&view.declarations()) + segment::kBlobDataAt;
  tell("keeper_thread", with_admin ? "begins with admin" : "begins");
  tell("declared", {bytes, view.declarations().length.load()});
  return std::unique_ptr<ops::KeeperThread>(std::make_unique<KeeperThread>());
}

int health_command(std::string_view service, int argc, char** argv) {
  tell("health", std::string(service) + (argc > 0 ? std::string(" ") + argv[0] : ""));
  return 0;
}

int profile_command(std::string_view service, int argc, char** argv) {
  tell("profile", std::string(service) + (argc > 0 ? std::string(" ") + argv[0] : ""));
  return 0;
}

int init(const delivery::Facts&, const delivery::InitWanted&) {
  tell("init", "");
  return 0;
}

void keeper_main(const segment::RoleCard& card, int, char**) {
  const segment::View view(segment::map(card.segment));
  tell("keeper", "born");
  uint32_t declared = 0;
  for (;;) {
    pollfd events[] = {{card.channel, POLLIN, 0}, {card.keeper_bell, POLLIN, 0}};
    poll(events, declared == 0 ? 2 : 1, 5);
    view.control().keeper_beat_ns.store(base::monotonic_ns());
    if (declared == 0 && (declared = view.declarations().length.load()) != 0) {
      const auto* bytes =
          reinterpret_cast<const char*>(&view.declarations()) + segment::kBlobDataAt;
      tell("declared", {bytes, declared});
    }
    segment::Message message;
    supervisor::Heard heard;
    while ((heard = supervisor::hear(card.channel, message, nullptr)) == supervisor::Heard::kWord) {
      if (message.word == Word::kServiceEnded) _exit(0);
    }
    if (heard == supervisor::Heard::kClosed) _exit(9);
  }
}

std::string service_socket(std::string_view service, int) {
  return "unix:@" + std::string(service);
}
Result<http::Response> ask(const ops::Question&) { return failed("nobody to ask"); }
Result<Json> parse_json(std::string_view) { return failed("nobody to read it"); }
Result<std::string> discover(std::string_view, std::chrono::milliseconds) {
  return failed("nobody to find it");
}

// What is not here no test of this folder asks for.
constexpr ops::Table made_table() {
  ops::Table table{};
  table.keeper_main = keeper_main;
  table.service_socket = service_socket;
  table.serve = serve;
  table.fetch = fetch;
  table.keeper_thread = keeper_thread;
  table.ask = ask;
  table.parse_json = parse_json;
  table.discover = discover;
  table.health_command = health_command;
  table.profile_command = profile_command;
  table.init = init;
  return table;
}
constexpr ops::Table kTable = made_table();

}  // namespace
}  // namespace outrigger::test

extern "C" const outrigger::ops::Table* outrigger_ops() { return &outrigger::test::kTable; }
