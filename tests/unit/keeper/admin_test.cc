// The admin port of a keeper in a process of its own: what the pages show, and that they outlive
// it.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "crew.h"
#include "health/slot.h"
#include "outrigger/log.h"
#include "segment/metrics.h"

namespace outrigger::keeper {
namespace {

constexpr std::string_view kAnnounced = "tested: admin on http://";

std::string address_of(Crew& crew) {
  EXPECT_TRUE(eventually([&] { return crew.complaints().find('\n') != std::string::npos; }));
  const std::string said = crew.complaints();
  EXPECT_TRUE(said.starts_with(kAnnounced)) << said;
  return said.substr(kAnnounced.size(), said.find('\n') - kAnnounced.size());
}

std::string name_of_socket() {
  return "@outrigger/" + std::to_string(geteuid()) + "/tested/" + std::to_string(getpid());
}

void beat(Crew& crew, int64_t age_ns) {
  segment::Beat& beat = crew.view().service().beats[0];
  strcpy(beat.name, "main");
  beat.last_ns = base::monotonic_ns() - age_ns;
}

TEST(Admin, health_shows_entries_checks_and_state) {
  Crew crew;
  crew.start_keeper();
  const std::string address = address_of(crew);
  log::warn("disk at {percent}", 87);
  auto& table = crew.view().health();
  health::SlotWriter check(table.slots[table.used.fetch_add(1)], "disk", {});
  check.ended(pass("fine"), base::real_ns(), 1000);
  EXPECT_TRUE(eventually([&] { return ask(address, "GET", "/health").has("disk at 87"); }));
  const Answer answer = ask(address, "GET", "/health");
  EXPECT_EQ(answer.status, 200);
  for (const char* expected : {"\"service\":\"tested\"", "\"version\":\"1.1.abcdef0\"",
                               "\"state\":\"running\"", "\"percent\":87", "\"name\":\"disk\"",
                               "\"output\":\"fine\"", "process-level only", "\"restarts\":0"})
    EXPECT_TRUE(answer.has(expected)) << expected << "\n" << answer.body;
  EXPECT_EQ(ask(address, "GET", "/livez").status, 200);
  EXPECT_EQ(ask(address, "GET", "/readyz").status, 200);
  EXPECT_TRUE(ask(address, "GET", "/version").has("1.1.abcdef0"));
  EXPECT_EQ(ask(name_of_socket(), "GET", "/livez").status, 200);
}

TEST(Admin, a_service_that_stopped_beating_is_unresponsive_until_it_beats_again) {
  Crew crew;
  beat(crew, 0);
  crew.start_keeper();
  const std::string address = address_of(crew);
  EXPECT_EQ(ask(address, "GET", "/livez").status, 200);
  beat(crew, 5 * base::kNsPerSecond);
  EXPECT_EQ(ask(address, "GET", "/livez").status, 503);
  const Answer health = ask(address, "GET", "/health");
  EXPECT_EQ(health.status, 503);
  EXPECT_TRUE(health.has("\"state\":\"unresponsive\"")) << health.body;
  beat(crew, 0);
  EXPECT_EQ(ask(address, "GET", "/livez").status, 200);
}

TEST(Admin, readiness_ends_with_the_word_that_a_drain_begins) {
  Crew crew;
  crew.start_keeper();
  const std::string address = address_of(crew);
  EXPECT_EQ(ask(address, "GET", "/readyz").status, 200);
  crew.say_drain();
  EXPECT_TRUE(eventually([&] { return ask(address, "GET", "/readyz").status == 503; }));
  EXPECT_EQ(ask(address, "GET", "/livez").status, 200);
}

TEST(Admin, a_keeper_that_was_stopped_itself_accuses_nobody) {
  Crew crew;
  beat(crew, 0);
  crew.start_keeper();
  const std::string address = address_of(crew);
  kill(crew.keeper_pid(), SIGSTOP);
  sleep(2);
  // The service was stopped along with it, say: its last beat is old.
  beat(crew, 60 * base::kNsPerSecond);
  kill(crew.keeper_pid(), SIGCONT);
  EXPECT_TRUE(eventually([&] { return ask(address, "GET", "/livez").status == 200; }, 2));
}

TEST(Admin, the_port_and_the_socket_outlive_the_keeper) {
  Crew crew;
  crew.start_keeper();
  const std::string address = address_of(crew);
  EXPECT_TRUE(eventually([&] {
    crew.hear();
    return crew.listeners().size() == 2;
  })) << "handed over for its successors";
  for (int i = 0; i < 3; ++i) {
    crew.kill_keeper(SIGKILL);
    crew.start_keeper();
    // Nobody is refused: the connection waits for the new keeper.
    EXPECT_EQ(ask(address, "GET", "/livez").status, 200);
    EXPECT_EQ(ask(name_of_socket(), "GET", "/livez").status, 200);
  }
  EXPECT_TRUE(ask(address, "GET", "/health").has("\"restarts\":3"));
  crew.hear();
  EXPECT_EQ(crew.listeners().size(), 2u);
  EXPECT_EQ(lines_of(crew.complaints()).size(), 1u) << "the address is said once";
}

TEST(Admin, a_port_that_is_taken_ends_the_start) {
  const base::Fd taken(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(in);
  ASSERT_EQ(bind(taken.get(), reinterpret_cast<sockaddr*>(&in), size), 0);
  ASSERT_EQ(listen(taken.get(), 1), 0);
  getsockname(taken.get(), reinterpret_cast<sockaddr*>(&in), &size);
  const std::string address = "127.0.0.1:" + std::to_string(ntohs(in.sin_port));
  Crew crew({.admin = address});
  crew.start_keeper();
  std::vector<segment::Message> heard;
  EXPECT_TRUE(eventually([&] { return !(heard = crew.hear()).empty(); }));
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].word, segment::Word::kStartFailed);
  EXPECT_EQ(heard[0].value, 1);
  EXPECT_EQ(lines_of(crew.complaints()).size(), 1u);
  EXPECT_TRUE(crew.complaints().starts_with("tested: cannot listen on " + address))
      << crew.complaints();
  // What was logged is printed all the same.
  log::error("cannot start");
  crew.say_service_ended(CLD_EXITED, 1);
  EXPECT_EQ(crew.wait_for_keeper(), 0);
  EXPECT_NE(crew.output().find("cannot start"), std::string::npos);
}

TEST(Admin, the_level_is_set_and_returns) {
  Crew crew;
  crew.start_keeper();
  const std::string address = address_of(crew);
  EXPECT_EQ(ask(address, "PUT", "/log/level?level=debug").status, 200);
  EXPECT_EQ(crew.view().control().level.load(), 1u);
  EXPECT_EQ(ask(address, "PUT", "/log/level?level=trace&for=1s").status, 200);
  EXPECT_EQ(crew.view().control().level.load(), 0u);
  EXPECT_TRUE(eventually([&] { return crew.view().control().level.load() == 1; }, 5));
  EXPECT_EQ(ask(address, "PUT", "/log/level?level=debug&module=none").status, 400);
}

TEST(Admin, pages_show_what_a_scribbling_service_leaves_of_them) {
  Crew crew;
  crew.start_keeper();
  const std::string address = address_of(crew);
  memset(static_cast<void*>(&crew.view().service()), 0xff, sizeof(segment::ServiceState));
  memset(static_cast<void*>(&crew.view().health()), 0xff, sizeof(segment::HealthTable));
  memset(crew.view().base() + segment::kMetricsAt, 0xff, segment::metric_layout().text_at());
  memset(static_cast<void*>(&crew.view().header()), 0xff, sizeof(segment::Header));
  memset(static_cast<void*>(&crew.view().control()), 0xff, sizeof(segment::Control));
  for (size_t i = 1; i < segment::kRings; ++i)
    memset(static_cast<void*>(&crew.view().ring(i)), 0xff, sizeof(segment::RingControl));
  for (const char* path :
       {"/health", "/livez", "/readyz", "/version", "/metrics", "/log/level", "/config"})
    EXPECT_NE(ask(address, "GET", path).status, 0) << path;
  log::info("still drained");
  EXPECT_TRUE(eventually([&] { return crew.output().find("still drained") != std::string::npos; }));
  EXPECT_EQ(waitpid(crew.keeper_pid(), nullptr, WNOHANG), 0) << "it lives";
}

}  // namespace
}  // namespace outrigger::keeper
