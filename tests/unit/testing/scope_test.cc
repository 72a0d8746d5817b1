// A user's test program: gtest_main, its own code under test, and a Scope.
#include "outrigger/testing.h"

#include <dirent.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <thread>

#include "outrigger/outrigger.h"

namespace {

using outrigger::ErrorKind;
using outrigger::testing::Entry;
using outrigger::testing::Scope;
namespace log = outrigger::log;
using namespace std::chrono_literals;

// --- What is tested: a user's code -------------------------------------------------------------
void greet(const std::string& name) {
  static const auto greeted = outrigger::metrics::counter("Greetings");
  greeted.add();
  log::info("greeted {name} for the {n}th time", name, 2);
}

struct Greeter {
  outrigger::Service service{{.name = "hello", .about = "Greets people."}};
  outrigger::Setting<std::string> greeting =
      service.setting<std::string>("Greeting", {.in_local = "Hi", .otherwise = "Good day"});
  std::chrono::steady_clock::time_point last_greeted = outrigger::check_now();
  std::function<void()> while_checking = [] {};

  Greeter() {
    service.operation("greet", "Greets one person.")
        .arg<std::string>("name", "whom to greet")
        .read_only()
        .does([this](const std::string& name) -> outrigger::Result<outrigger::Json> {
          greet(name);
          return outrigger::Json{{"greeting", *greeting + ", " + name}};
        });
    service.check("busy", {.every = 10s}, [this] {
      while_checking();
      return outrigger::check_now() - last_greeted > 1min ? outrigger::warn("nobody came")
                                                          : outrigger::pass();
    });
    service.check("rare", {.every = 1min},
                  []() -> outrigger::CheckResult { throw std::runtime_error("no luck"); });
  }
};

size_t entries_of(const char* directory) {
  size_t count = 0;
  DIR* const open = opendir(directory);
  while (readdir(open) != nullptr) ++count;
  closedir(open);
  return count;
}

// --- Log ---------------------------------------------------------------------------------------

TEST(Scope, captures_entries_with_their_fields) {
  Scope scope;
  greet("Ada");
  ASSERT_EQ(scope.entries().size(), 1u);
  const Entry entry = scope.entries().back();
  EXPECT_EQ(entry.message, "greeted Ada for the 2th time");
  EXPECT_EQ(entry.level, log::Level::kInfo);
  EXPECT_EQ(entry.source.substr(0, 14), "scope_test.cc:");
  EXPECT_EQ(entry.field("name"), "Ada");
  EXPECT_EQ(entry.field("n"), "2");
  EXPECT_EQ(entry.field("nothing"), "");
  scope.clear();
  EXPECT_EQ(scope.logged("greeted"), 0u);
}

TEST(Scope, captures_contexts_and_modules) {
  Scope scope({.level = log::Level::kDebug});
  const auto context = log::Context::begin().with("user", 7);
  {
    const log::Within within(context);
    log::debug(log::module("db"), "query");
  }
  const Entry entry = scope.entries().back();
  EXPECT_EQ(entry.field("module"), "db");
  EXPECT_EQ(entry.field("user"), "7");
  EXPECT_EQ(entry.field("trace_id"), context.trace_id());
}

TEST(Scope, has_a_level_and_gives_the_old_one_back) {
  const log::Level before = log::level();
  {
    Scope scope({.level = log::Level::kError});
    log::warn("not seen");
    EXPECT_EQ(scope.entries().size(), 0u);
  }
  EXPECT_EQ(log::level(), before);
}

TEST(Scope, captures_from_all_threads_and_at_once) {
  Scope scope;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        greet("thread " + std::to_string(t));
        EXPECT_GE(scope.logged("thread " + std::to_string(t)), static_cast<size_t>(i + 1));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(scope.entries().size(), 1600u);
  EXPECT_EQ(scope.counted("Greetings"), 1600u);
}

TEST(Scope, as_often_as_you_like_in_one_process) {
  std::thread lives_across;
  std::atomic<int> turn{0};
  lives_across = std::thread([&] {
    for (int i = 1; i <= 100; ++i) {
      while (turn != 2 * i - 1) std::this_thread::yield();
      log::info("turn {i}", i);
      turn = 2 * i;
    }
  });
  for (int i = 1; i <= 100; ++i) {
    Scope scope;
    turn = 2 * i - 1;
    while (turn != 2 * i) std::this_thread::yield();
    ASSERT_EQ(scope.entries().size(), 1u);
    EXPECT_EQ(scope.entries()[0].field("i"), std::to_string(i));
  }
  lives_across.join();
}

TEST(Scope, one_at_a_time) {
  Scope scope;
  EXPECT_THROW(Scope{}, std::logic_error);
  greet("still captured");
  EXPECT_EQ(scope.entries().size(), 1u);
}

TEST(Scope, spawns_nothing_and_listens_nowhere) {
  const size_t fds = entries_of("/proc/self/fd");
  const size_t threads = entries_of("/proc/self/task");
  Scope scope;
  Greeter greeter;
  ASSERT_TRUE(scope.call(greeter.service, "greet", {"Ada"}).ok());
  scope.start_checks(greeter.service);
  scope.advance(10min);
  EXPECT_EQ(entries_of("/proc/self/fd"), fds);
  EXPECT_EQ(entries_of("/proc/self/task"), threads);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "there is a child";
}

// --- Death tests -------------------------------------------------------------------------------

void die() {
  log::fatal("cannot go on without {what}", "a moon");
  std::abort();
}

TEST(ScopeDeathTest, what_is_logged_last_is_on_stderr) {
  Scope scope;
  GTEST_FLAG_SET(death_test_style, "fast");
  EXPECT_DEATH(die(), "cannot go on without a moon");
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(die(), "cannot go on without a moon");
  EXPECT_EQ(scope.entries().size(), 0u) << "a child's entries are the child's";
}

TEST(ScopeDeathTest, a_scope_of_the_childs_own) {
  GTEST_FLAG_SET(death_test_style, "fast");
  EXPECT_EXIT(
      {
        Scope scope({.quiet = true});
        log::error("not on stderr");
        _exit(scope.logged("not on stderr") == 1 ? 7 : 1);
      },
      testing::ExitedWithCode(7), "^$");
}

TEST(Scope, is_quiet_when_asked) {
  testing::internal::CaptureStderr();
  {
    Scope scope;
    log::warn("loud");
    log::info("never on stderr");
  }
  {
    Scope scope({.quiet = true});
    log::warn("quiet");
  }
  log::warn("after");
  const std::string printed = testing::internal::GetCapturedStderr();
  EXPECT_NE(printed.find("loud"), std::string::npos);
  EXPECT_NE(printed.find("after"), std::string::npos);
  EXPECT_EQ(printed.find("quiet"), std::string::npos);
  EXPECT_EQ(printed.find("never"), std::string::npos);
}

// --- Counters, settings, operations ------------------------------------------------------------

TEST(Scope, counts_from_its_beginning) {
  greet("before");
  Scope scope;
  EXPECT_EQ(scope.counted("Greetings"), 0u);
  greet("within");
  EXPECT_EQ(scope.counted("Greetings"), 1u);
  EXPECT_EQ(scope.counted("Never heard of"), 0u);
}

TEST(Scope, sets_settings_and_puts_them_back) {
  Greeter greeter;
  {
    Scope scope;
    scope.set(greeter.greeting, "Servus");
    EXPECT_EQ(*greeter.greeting, "Servus");
    ASSERT_TRUE(scope.set(greeter.service, "Greeting", "Moin").ok());
    EXPECT_EQ(scope.call(greeter.service, "greet", {"Ada"})->dump(), R"({"greeting":"Moin, Ada"})");
    EXPECT_EQ(scope.set(greeter.service, "Greting", "x").error().kind, ErrorKind::kNotFound);
  }
  EXPECT_EQ(*greeter.greeting, "Hi");
}

TEST(Scope, calls_operations_as_their_command_does) {
  Scope scope;
  Greeter greeter;
  EXPECT_EQ(scope.call(greeter.service, "greet").error().kind, ErrorKind::kBadInput);
  EXPECT_EQ(scope.call(greeter.service, "greet", {"a", "b"}).error().kind, ErrorKind::kBadInput);
  EXPECT_EQ(scope.call(greeter.service, "greed", {"a"}).error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(scope.entries().size(), 0u);
}

// --- Checks ------------------------------------------------------------------------------------

TEST(ScopeChecks, run_when_time_is_moved) {
  Scope scope;
  Greeter greeter;
  EXPECT_EQ(scope.check("busy").error().kind, ErrorKind::kNotFound);
  scope.start_checks(greeter.service);
  EXPECT_EQ(scope.runs("busy"), 1u);
  scope.advance(9999ms);
  EXPECT_EQ(scope.runs("busy"), 1u);
  scope.advance(1ms);
  EXPECT_EQ(scope.runs("busy"), 2u);
  EXPECT_EQ(scope.check("busy")->status, outrigger::CheckStatus::kPass);
  scope.advance(1min);
  EXPECT_EQ(scope.check("busy")->output, "nobody came");
  EXPECT_EQ(scope.runs("busy"), 8u);
  EXPECT_EQ(scope.runs("rare"), 2u);
  EXPECT_EQ(scope.check("rare")->output, "threw an exception: no luck");
}

TEST(ScopeChecks, one_that_takes_too_long_fails) {
  Scope scope;
  Greeter greeter;
  greeter.while_checking = [&] { scope.advance(7s); };
  scope.start_checks(greeter.service);
  EXPECT_EQ(scope.check("busy")->status, outrigger::CheckStatus::kFail);
  EXPECT_EQ(scope.check("busy")->output, "timed out: took 7000 ms, may take 5000 ms");
}

}  // namespace
