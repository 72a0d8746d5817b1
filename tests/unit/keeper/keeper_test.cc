// The keeper as a process: what it is given, what it prints, how it ends.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "client.h"
#include "crew.h"
#include "outrigger/log.h"

namespace outrigger::keeper {
namespace {

void print(int fd, std::string_view text) {
  ASSERT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

std::string messages_of(const std::string& output) {
  std::string all;
  for (const std::string& line : lines_of(output)) all += field_of(line, "message") + "\n";
  return all;
}

// A process that waits, as the service that is killed or stopped.
class Sleeper {
 public:
  Sleeper() : pid_(fork()) {
    if (pid_ != 0) return;
    for (;;) pause();
  }
  ~Sleeper() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  int pid() const { return pid_; }
  // How it ended, if it has.
  bool ended_by(int signal) {
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) != pid_) return false;
    pid_ = -1;
    return WIFSIGNALED(status) && WTERMSIG(status) == signal;
  }

 private:
  pid_t pid_;
};

TEST(Keeper, prints_what_was_logged_and_how_the_service_ended) {
  Crew crew;
  log::info("first {n}", 1);
  crew.start_keeper();
  log::warn("second {n}", 2);
  EXPECT_TRUE(eventually([&] { return lines_of(crew.output()).size() == 2; }));
  log::error("third");
  crew.say_service_ended(CLD_EXITED, 3);
  EXPECT_EQ(crew.wait_for_keeper(), 0);
  const auto lines = lines_of(crew.output());
  ASSERT_EQ(lines.size(), 4u) << crew.output();
  EXPECT_EQ(field_of(lines[0], "message"), "first 1");
  EXPECT_EQ(field_of(lines[0], "n"), "1");
  EXPECT_EQ(field_of(lines[0], "seq"), "0");
  EXPECT_EQ(field_of(lines[1], "level"), "WARN");
  EXPECT_EQ(field_of(lines[2], "message"), "third");
  EXPECT_EQ(field_of(lines[3], "message"), "service ended: exit code 3, in the middle of its work");
  EXPECT_EQ(field_of(lines[3], "level"), "FATAL");
  EXPECT_EQ(field_of(lines[3], "ring"), "keeper.0");
}

TEST(Keeper, a_violent_end_is_fatal_a_good_one_is_not) {
  for (const auto& [code, status, level, how] :
       {std::tuple{CLD_KILLED, SIGKILL, "FATAL", "service ended: killed by signal 9 (SIGKILL)"},
        std::tuple{CLD_EXITED, 0, "INFO", "service ended: exit code 0"}}) {
    Crew crew({.admin = ""});
    crew.start_keeper();
    crew.say_service_ended(code, status);
    EXPECT_EQ(crew.wait_for_keeper(), 0);
    EXPECT_EQ(field_of(crew.output(), "level"), level);
    EXPECT_EQ(field_of(crew.output(), "message"), how);
  }
}

TEST(Keeper, text_for_people) {
  Crew crew({.logs = "stdout-text", .admin = ""});
  crew.start_keeper();
  log::info("hello {name}", "Ada");
  crew.say_service_ended(CLD_EXITED, 0);
  EXPECT_EQ(crew.wait_for_keeper(), 0);
  const auto lines = lines_of(crew.output());
  ASSERT_EQ(lines.size(), 2u) << crew.output();
  EXPECT_NE(lines[0].find("Z INFO  hello Ada (keeper_test.cc:"), std::string::npos) << lines[0];
}

TEST(Keeper, without_declarations_it_prints_after_a_while_and_serves_nothing_yet) {
  Crew crew({.declare = false});
  crew.start_keeper();
  log::info("before the declarations");
  EXPECT_TRUE(eventually([&] { return lines_of(crew.output()).size() == 1; }));
  crew.declare(R"({"service":"late","kind":"local","admin":"","logs":"stdout-text"})");
  log::info("after them");
  EXPECT_TRUE(eventually([&] {
    log::info("and again");
    return crew.output().find("Z INFO  and again") != std::string::npos;
  }));
}

TEST(Keeper, without_declarations_a_ring_that_fills_is_not_kept_waiting) {
  Crew crew({.declare = false});
  crew.start_keeper();
  const std::string text(1000, 'x');
  const size_t calls = segment::kRingBytes * 6 / 10 / text.size();
  for (size_t i = 0; i < calls; ++i) log::info("{}", text);
  EXPECT_TRUE(eventually([&] { return lines_of(crew.output()).size() == calls; }, 1));
}

TEST(Keeper, what_the_service_prints_becomes_entries) {
  Crew crew({.admin = ""});
  crew.start_keeper();
  print(crew.out_pipe(), "printed\nunfinished");
  print(crew.err_pipe(), "W1124 01:42:32.123456 7 disk.cc:3] complained\n");
  EXPECT_TRUE(eventually([&] { return lines_of(crew.output()).size() == 3; })) << crew.output();
  print(crew.out_pipe(), "last words");
  crew.say_service_ended(CLD_KILLED, SIGKILL);
  EXPECT_EQ(crew.wait_for_keeper(), 0);
  const std::string output = crew.output();
  for (const char* expected :
       {"\"message\":\"printed\"", "\"message\":\"unfinished\"", "\"message\":\"last words\"",
        "\"level\":\"WARN\",\"message\":\"complained\",\"source\":\"disk.cc:3\""})
    EXPECT_NE(output.find(expected), std::string::npos) << expected;
}

TEST(Keeper, a_hundred_thousand_printed_lines_survive_kills) {
  Crew crew({.admin = ""});
  crew.start_keeper();
  for (int i = 0; i < 20'000; ++i) {
    print(crew.out_pipe(), "line " + std::to_string(i) + "\n");
    if (i % 2000 == 1999) {
      crew.kill_keeper(SIGKILL);
      crew.start_keeper();
    }
  }
  crew.say_service_ended(CLD_EXITED, 0);
  EXPECT_EQ(crew.wait_for_keeper(), 0);
  std::vector<bool> seen(20'000);
  for (const std::string& line : lines_of(crew.output())) {
    const std::string message = field_of(line, "message");
    if (message.starts_with("line ")) seen[static_cast<size_t>(atoi(message.c_str() + 5))] = true;
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), true), 20'000);
}

TEST(Keeper, stop_signals_are_passed_on_and_nothing_ends) {
  Crew crew({.admin = ""});
  crew.start_keeper();
  log::info("up");
  ASSERT_TRUE(eventually([&] { return !crew.output().empty(); }));
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) {
    kill(crew.keeper_pid(), signal);
    int told = 0;
    EXPECT_TRUE(eventually([&] {
      for (const segment::Message& message : crew.hear())
        if (message.word == segment::Word::kSignalled) told = message.value;
      return told != 0;
    }));
    EXPECT_EQ(told, signal);
  }
  kill(crew.keeper_pid(), SIGPIPE);
  log::info("still here");
  EXPECT_TRUE(eventually([&] { return crew.output().find("still here") != std::string::npos; }));
}

TEST(Keeper, a_closed_stdout_is_said_once_and_counted) {
  Crew crew({.admin = ""});
  crew.start_keeper(Crew::kClosed);
  for (int i = 0; i < 1000; ++i) log::info("n {n}", i);
  crew.say_service_ended(CLD_EXITED, 0);
  EXPECT_EQ(crew.wait_for_keeper(), 0);
  EXPECT_EQ(crew.complaints(),
            "tested: cannot write the log to stdout: Bad file descriptor; entries are counted and "
            "discarded\n");
}

TEST(Keeper, a_stalled_stdout_loses_the_oldest_and_says_how_many) {
  Crew crew({.admin = ""});
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const base::Fd read_end(ends[0]);
  base::Fd write_end(ends[1]);
  crew.start_keeper(write_end.get());
  write_end.reset();
  constexpr uint64_t kCalls = 60'000;
  const std::string text(300, 'x');
  // Some 25 MB of lines into a spool of 8, slowly enough for the rings.
  for (uint64_t n = 0; n < kCalls; ++n) {
    log::info("n {n} {}", n, text);
    if (n % 500 == 0) usleep(10'000);
  }
  ASSERT_TRUE(eventually(
      [&] { return crew.view().ring(0).read.load() == crew.view().ring(0).write.load(); }));
  std::string output;
  std::vector<char> bytes(1 << 20);
  const auto read_some = [&] {
    const ssize_t got = read(read_end.get(), bytes.data(), bytes.size());
    if (got > 0) output.append(bytes.data(), static_cast<size_t>(got));
    return got > 0;
  };
  while (output.find("stdout did not take") == std::string::npos) ASSERT_TRUE(read_some());
  crew.say_service_ended(CLD_EXITED, 0);
  while (read_some()) {
  }
  EXPECT_EQ(crew.wait_for_keeper(), 0);
  uint64_t entries = 0, lost = 0, dropped = 0;
  for (const std::string& line : lines_of(output)) {
    const std::string message = field_of(line, "message");
    const uint64_t count = strtoull(field_of(line, "count").c_str(), nullptr, 10);
    if (message.starts_with("n ")) ++entries;
    if (message.starts_with("stdout did not take")) lost += count;
    if (message.starts_with("dropped")) dropped += count;
  }
  EXPECT_GT(lost, 10'000u);
  EXPECT_EQ(entries + lost + dropped, kCalls);
  EXPECT_NE(output.find("n 59999 "), std::string::npos) << "the newest are kept";
}

TEST(Keeper, printing_never_waits_for_a_slow_stdout) {
  Crew crew({.admin = ""});
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const base::Fd read_end(ends[0]);
  base::Fd write_end(ends[1]);
  crew.start_keeper(write_end.get());
  write_end.reset();
  // Stdout makes progress all the time, but hardly any.
  std::atomic<bool> stop{false};
  std::thread slow([&] {
    char bytes[4096];
    while (!stop.load()) {
      usleep(50'000);
      if (read(read_end.get(), bytes, sizeof(bytes)) <= 0) return;
    }
  });
  // More than the spool and the pipe hold together. There is always room for the next line soon.
  const std::string line = std::string(999, 'x') + '\n';
  const auto has_room = [&] {
    int waiting = 0;
    return ioctl(crew.out_pipe(), FIONREAD, &waiting) == 0 && waiting < 700'000;
  };
  bool waited = false;
  for (int i = 0; i < 16'000 && !waited; ++i) {
    waited = !has_room() && !eventually(has_room, 10);
    if (!waited) print(crew.out_pipe(), line);
  }
  EXPECT_FALSE(waited);
  stop = true;
  crew.kill_keeper(SIGKILL);  // nobody writes any more, so the reader comes to its end
  slow.join();
}

TEST(Keeper, colours_are_for_terminals_alone) {
  for (const bool no_colour : {false, true}) {
    const base::Fd master(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    ASSERT_TRUE(master);
    ASSERT_EQ(grantpt(master.get()), 0);
    ASSERT_EQ(unlockpt(master.get()), 0);
    const base::Fd terminal(open(ptsname(master.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!terminal) GTEST_SKIP() << "no pseudo-terminals here";
    no_colour ? setenv("NO_COLOR", "1", 1) : unsetenv("NO_COLOR");
    setenv("TERM", "xterm", 1);
    Crew crew({.logs = "stdout-text", .admin = ""});
    crew.start_keeper(terminal.get());
    log::error("red");
    std::string seen;
    char bytes[1000];
    while (seen.find('\n') == std::string::npos) {
      const ssize_t got = read(master.get(), bytes, sizeof(bytes));
      ASSERT_GT(got, 0);
      seen.append(bytes, static_cast<size_t>(got));
    }
    EXPECT_EQ(seen.find("\x1b[31mERROR") != std::string::npos, !no_colour) << seen;
    unsetenv("NO_COLOR");
  }
}

TEST(Keeper, a_stdout_that_stalls_for_ever_does_not_hold_up_the_end) {
  Crew crew({.admin = ""});
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const base::Fd read_end(ends[0]);
  base::Fd write_end(ends[1]);
  crew.start_keeper(write_end.get());
  write_end.reset();
  const std::string text(1000, 'x');
  for (int n = 0; n < 200; ++n) log::info("n {n} {}", n, text);
  crew.say_service_ended(CLD_EXITED, 0);
  EXPECT_EQ(crew.wait_for_keeper(6), 0);
  EXPECT_TRUE(crew.complaints().starts_with("tested: stdout did not take the last "))
      << crew.complaints();
}

TEST(Keeper, ends_with_its_supervisor_and_takes_the_service_along) {
  Sleeper service;
  Crew crew({.admin = ""});
  crew.set_service_pid(service.pid());
  crew.start_keeper();
  log::info("last entry");
  ASSERT_TRUE(eventually([&] { return !crew.output().empty(); }));
  crew.hang_up();
  EXPECT_EQ(crew.wait_for_keeper(6), 0);
  EXPECT_TRUE(eventually([&] { return service.ended_by(SIGKILL); }, 1));
  EXPECT_NE(messages_of(crew.output()).find("service ended: its supervisor is gone as well"),
            std::string::npos);
}

TEST(Keeper, a_stranger_s_process_is_not_killed) {
  Crew crew({.admin = ""});
  crew.set_service_pid(getppid());  // a corrupt service may write anything
  crew.start_keeper();
  log::info("up");
  ASSERT_TRUE(eventually([&] { return !crew.output().empty(); }));
  crew.hang_up();
  EXPECT_EQ(crew.wait_for_keeper(6), 0);
  EXPECT_EQ(kill(getppid(), 0), 0);
}

}  // namespace
}  // namespace outrigger::keeper
