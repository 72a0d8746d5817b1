// The page answers when the service cannot.
#include <signal.h>

#include <thread>

#include <gtest/gtest.h>

#include "harness.h"

namespace outrigger::whole {
namespace {

const std::vector<std::string> kRun{"run",         "--listen", "127.0.0.1:0", "--admin",
                                    "127.0.0.1:0", "--logs",   "stdout-json"};

void expect_unresponsive_page(int admin) {
  const auto begin = std::chrono::steady_clock::now();
  HttpAnswer page;
  ASSERT_TRUE(eventually(kPatience, [&] {
    page = http(admin, "/health");
    return page.body.find("\"unresponsive\"") != std::string::npos;
  })) << page.body;
  printf("unresponsive after %ld ms; the page took %ld us\n",
         static_cast<long>((std::chrono::steady_clock::now() - begin) / 1ms),
         static_cast<long>(page.took.count()));
  EXPECT_EQ(page.status, 503);
  EXPECT_EQ(http(admin, "/livez").status, 503);
}

TEST(Hang, a_stopped_service_is_shown_unresponsive_and_recovers) {
  Program program(LOGGER, kRun);
  const int admin = program.admin_port();
  ASSERT_NE(program.service_port(), 0) << program.err();
  ASSERT_TRUE(eventually(kPatience, [&] { return http(admin, "/livez").status == 200; }));
  const pid_t service = program.service_pid();
  kill(service, SIGSTOP);
  expect_unresponsive_page(admin);
  kill(service, SIGCONT);
  EXPECT_TRUE(eventually(kPatience, [&] { return http(admin, "/livez").status == 200; }));
}

TEST(Hang, a_pool_whose_threads_all_wait_for_a_lock_is_shown_unresponsive) {
  Program program(LOGGER, kRun);
  const int admin = program.admin_port();
  const int service = program.service_port();
  ASSERT_NE(service, 0) << program.err();
  std::vector<std::thread> callers;
  for (int i = 0; i < 64; ++i)
    callers.emplace_back([&] { http(service, "/deadlock", "POST", 7s); });
  expect_unresponsive_page(admin);
  program.signal_service(SIGKILL);
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(program.exit_status(kPatience), 137);
}

TEST(Fork, in_user_code_leaves_the_parents_entries_whole_and_counts_the_childs) {
  Program program(LOGGER, kRun);
  const int service = program.service_port();
  ASSERT_NE(service, 0) << program.err();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(http(service, "/fork", "POST").status, 200);
  const std::string page = http(program.admin_port(), "/health").body;
  kill(program.pid(), SIGTERM);
  EXPECT_EQ(program.exit_status(kPatience), 0);
  int parents = 0;
  for_each_line(program.out(), [&](std::string_view line) {
    EXPECT_EQ(line.find("from the child"), std::string_view::npos) << line;
    if (line.find("from the parent") != std::string_view::npos) ++parents;
  });
  EXPECT_EQ(parents, 10);
  EXPECT_EQ(json_number(page, "discarded_in_children"), 1000) << page;
}

}  // namespace
}  // namespace outrigger::whole
