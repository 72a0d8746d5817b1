// However a service dies, one entry tells of it, with the stack of the thread that did it; and how
// it ended stays what it was.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <regex>

#include "deaths.h"
#include "harness.h"

namespace outrigger::whole {
namespace {

struct Death {
  const char* how;
  int status;
  const char* message;   // of the FATAL entry: so it begins
  const char* function;  // where it happened; nullptr: no crash
};
constexpr Death kDeaths[] = {
    {"segv", 139, "service crashed: SIGSEGV at 0x0 in dier::reads_nowhere", "dier::reads_nowhere"},
    {"call", 139, "service crashed: SIGSEGV at 0x0 in 0x0 < dier::calls_nowhere", "0x0"},
    {"overflow", 139, "service crashed: SIGSEGV at 0x", "dier::overflows"},
    {"bus", 135, "service crashed: SIGBUS at 0x", "dier::reads_beyond_the_file"},
    {"fpe", 136, "service crashed: SIGFPE at 0x", "dier::divides"},
    {"ill", 132, "service crashed: SIGILL at 0x", "dier::traps"},
    {"abort", 134, "service crashed: SIGABRT at 0x0 in dier::aborts", "dier::aborts"},
    {"throw", 134, "service crashed: SIGABRT in dier::throws", "dier::throws"},
    {"kill", 137, "service ended: killed by signal 9 (SIGKILL)", nullptr},
    {"exit", 3, "service ended: exit code 3, in the middle of its work", nullptr},
};

void expect_explained(const Death& death, const std::string& where, const std::string& log) {
  const auto told = entries(log, "service ");
  ASSERT_EQ(told.size(), 1u) << log;
  const std::string& entry = told.front();
  EXPECT_TRUE(json_text(entry, "message").starts_with(death.message)) << entry;
  EXPECT_EQ(json_text(entry, "level"), "FATAL");
  if (death.function == nullptr) return;
  EXPECT_EQ(json_text(entry, "function"), death.function) << entry;
  EXPECT_NE(json_text(entry, "last_entries").find(':'), std::string::npos) << entry;
  EXPECT_EQ(json_text(entry, "version").substr(0, 4), "1.0.") << entry;
  EXPECT_EQ(json_text(entry, "missing"), "") << entry;
  if (std::string_view(death.how) == "overflow") {
    // So much of a stack is copied, and no more.
    EXPECT_NE(json_text(entry, "stack").find(" times"), std::string::npos) << entry;
  } else if (where == "main") {
    EXPECT_NE(json_text(entry, "stack").find("dier::loop"), std::string::npos) << entry;
  } else {
    EXPECT_NE(json_text(entry, "threads").find("dier::loop"), std::string::npos) << entry;
  }
  if (where == "many") {
    EXPECT_NE(entry.find("many-1 ("), std::string::npos) << entry;
  }
  if (std::string_view(death.how) == "throw") {
    EXPECT_EQ(json_text(entry, "exception"), "dier::OutOfStock");
    EXPECT_EQ(json_text(entry, "what"), "no teapots left");
  }
}

class Deaths : public testing::TestWithParam<const char*> {};

TEST_P(Deaths, are_told_once_with_the_stack_of_the_thread_that_did_it) {
  const std::string where = GetParam();
  for (const Death& death : kDeaths) {
    SCOPED_TRACE(death.how);
    Program program(DIER, {}, options());
    const int port = program.service_port();
    ASSERT_NE(port, 0) << program.err() << program.out();
    ASSERT_NE(program.admin_port(), 0) << program.err();
    http(port, "/die?how=" + std::string(death.how) + "&where=" + where, "POST");
    EXPECT_EQ(program.exit_status(kPatience), death.status) << program.err();
    expect_explained(death, where, program.out());
  }
}
INSTANTIATE_TEST_SUITE_P(Threads, Deaths, testing::Values("main", "worker", "many"),
                         [](const auto& where) { return std::string(where.param); });

TEST(Death, as_one_process_is_told_with_the_crashing_threads_stack) {
  StartOptions in_process = options();
  in_process.environment.push_back("OUTRIGGER_IN_PROCESS=1");
  Program program(DIER, {}, in_process);
  const int port = program.service_port();
  ASSERT_NE(port, 0) << program.err();
  http(port, "/die?how=segv&where=worker", "POST");
  ASSERT_TRUE(program.wait(kPatience));
  const auto told = entries(program.out(), "service crashed");
  ASSERT_EQ(told.size(), 1u) << program.out();
  EXPECT_EQ(json_text(told.front(), "function"), "dier::reads_nowhere") << told.front();
}

// "NAME (17) waits for the mutex 0x7f… that OWNER (18) holds": which mutex that is.
std::string mutex_waited_for(const std::string& waits, const std::string& name,
                             const std::string& owner) {
  const std::regex line(name + R"( \(\d+\) waits for the mutex (0x[0-9a-f]+) that )" + owner +
                        R"( \(\d+\) holds)");
  std::smatch found;
  return std::regex_search(waits, found, line) ? found[1].str() : std::string();
}

TEST(Hang, of_two_threads_that_wait_for_each_other_names_both_and_their_locks) {
  Program program(DIER, {}, options());
  const int port = program.service_port();
  ASSERT_NE(port, 0) << program.err();
  EXPECT_EQ(http(port, "/deadlock", "POST").status, 200);
  ASSERT_TRUE(eventually(kPatience, [&] {
    return !entries(program.out(), "service hangs").empty();
  })) << program.out();
  const std::string entry = entries(program.out(), "service hangs").front();
  EXPECT_EQ(json_text(entry, "level"), "ERROR");
  EXPECT_NE(json_text(entry, "beat"), "") << entry;
  const std::string waits = json_text(entry, "waits");
  EXPECT_NE(waits.find("deadlock: "), std::string::npos) << entry;
  for (const char* thread : {"forward (", "backward ("}) {
    EXPECT_NE(waits.find(std::string(thread)), std::string::npos) << entry;
  }
  // Both locks' waiters: each of the two, and main(), which is in no circle; its stack is there.
  const std::string first = mutex_waited_for(waits, "forward", "backward");
  const std::string second = mutex_waited_for(waits, "backward", "forward");
  EXPECT_NE(first, "") << waits;
  EXPECT_NE(second, "") << waits;
  EXPECT_NE(first, second) << waits;
  EXPECT_EQ(mutex_waited_for(waits, "dier", "forward"), second) << waits;
  EXPECT_NE(json_text(entry, "threads").find("dier::loop"), std::string::npos) << entry;
  program.signal_service(SIGKILL);
  EXPECT_EQ(program.exit_status(kPatience), 137);
}

TEST(Hang, of_a_stopped_service_is_told_and_so_is_its_return) {
  Program program(DIER, {}, options());
  ASSERT_NE(program.service_port(), 0) << program.err();
  ASSERT_TRUE(eventually(kPatience, [&] {
    return http(program.admin_port(), "/health").body.find("beat_age_ms\": null") ==
           std::string::npos;
  }));
  program.signal_service(SIGSTOP);
  ASSERT_TRUE(eventually(kPatience, [&] {
    return !entries(program.out(), "service hangs").empty();
  })) << program.out();
  EXPECT_NE(entries(program.out(), "service hangs").front().find("dier::loop"), std::string::npos);
  program.signal_service(SIGCONT);
  ASSERT_TRUE(eventually(kPatience, [&] {
    return !entries(program.out(), "service answers again").empty();
  })) << program.out();
  kill(program.pid(), SIGTERM);
  EXPECT_EQ(program.exit_status(kPatience), 0) << program.err();
}

TEST(Stacks, are_told_on_quit_and_the_service_goes_on) {
  Program program(DIER, {}, options());
  const int port = program.service_port();
  ASSERT_NE(port, 0) << program.err();
  ASSERT_TRUE(eventually(kPatience, [&] {
    return http(program.admin_port(), "/health").body.find("beat_age_ms\": null") ==
           std::string::npos;
  }));
  // To the supervisor, then to the service.
  for (size_t count = 1; count <= 2; ++count) {
    if (count == 1) kill(program.pid(), SIGQUIT);
    else program.signal_service(SIGQUIT);
    ASSERT_TRUE(eventually(kPatience, [&] {
      return entries(program.out(), "stacks of ").size() == count;
    })) << program.out();
    const std::string entry = entries(program.out(), "stacks of ").back();
    EXPECT_EQ(json_text(entry, "level"), "INFO");
    EXPECT_GT(json_number(entry, "thread_count").value_or(0), 2) << entry;
    EXPECT_NE(json_text(entry, "threads").find("dier::loop"), std::string::npos) << entry;
    EXPECT_EQ(json_text(entry, "missing"), "") << entry;
  }
  // Also of one that hangs.
  EXPECT_EQ(http(port, "/deadlock", "POST").status, 200);
  kill(program.pid(), SIGQUIT);
  ASSERT_TRUE(eventually(kPatience, [&] {
    return entries(program.out(), "stacks of ").size() == 3;
  })) << program.out();
  program.signal_service(SIGKILL);
  EXPECT_EQ(program.exit_status(kPatience), 137);
}

}  // namespace
}  // namespace outrigger::whole
