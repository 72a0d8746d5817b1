// Which role a process gets, and what it finds when it begins.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>

#include "crew_harness.h"
#include "segment/role.h"
#include "supervisor/crew.h"

namespace outrigger::test {
namespace {

using supervisor::Part;

std::string part_text(Part part) { return std::to_string(static_cast<uint32_t>(part)); }

TEST(Roles, crew_of_three_for_what_means_run) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{}, {"run"}, {"--target", "x"}, {"-target"}, {"run", "exit=0"}}) {
    Crew crew({.words = words});
    EXPECT_EQ(crew.await_exit_code(), 0);
    EXPECT_EQ(crew.count("service", "born " + part_text(Part::kService) + " attached"), 1u);
    EXPECT_EQ(crew.count("keeper", "born"), 1u);
    ASSERT_EQ(crew.lines("main", part_text(Part::kService)).size(), 1u);
    EXPECT_NE(crew.lines("main", "")[0].pid, crew.pid());
  }
}

TEST(Roles, commands_run_in_the_process_that_was_started) {
  for (const char* word :
       {"version", "-v", "--version", "help", "-h", "-init", "health", "config", "probe"}) {
    Crew crew({.words = {word}});
    EXPECT_EQ(crew.await_exit_code(), 42) << word;
    ASSERT_EQ(crew.report().size(), 2u) << word;  // the constructor and main()
    EXPECT_EQ(crew.report()[1].pid, crew.pid()) << word;
  }
}

TEST(Roles, static_program_is_a_crew_too) {
  Crew crew({.words = {"run", "exit=6"}, .program = CREW_PROGRAM_STATIC});
  EXPECT_EQ(crew.await_exit_code(), 6);
  EXPECT_EQ(crew.count("user", "constructed"), 1u);
  EXPECT_EQ(crew.count("keeper", "finished"), 1u);
}

TEST(Roles, users_constructor_runs_once_and_in_the_service) {
  Crew crew({.words = {"run", "exit=0"}});
  crew.await_exit_code();
  const auto constructed = crew.lines("user", "constructed");
  ASSERT_EQ(constructed.size(), 1u);
  EXPECT_EQ(constructed[0].pid, crew.newest("service"));
}

TEST(Roles, service_is_told_before_the_users_constructors) {
  Crew crew({.words = {"run", "exit=0"}});
  crew.await_exit_code();
  const auto report = crew.report();
  const auto at = [&](std::string_view part, std::string_view what) {
    return std::find_if(report.begin(), report.end(), [&](const ReportLine& line) {
      return line.part == part && line.what.starts_with(what);
    });
  };
  EXPECT_LT(at("service", "born"), at("user", "constructed"));
}

TEST(Roles, nested_program_is_its_own_crew) {
  Crew crew({.words = {"run", "nested", "exit=5"}});
  EXPECT_EQ(crew.await_exit_code(), 5);
  EXPECT_EQ(crew.count("service", "nested_status 0"), 1u);
  EXPECT_EQ(crew.count("keeper", "finished"), 2u);
  std::set<pid_t> services;
  for (const ReportLine& line : crew.lines("service", "born")) services.insert(line.pid);
  EXPECT_EQ(services.size(), 2u);
}

TEST(Roles, in_process_makes_a_segment_of_its_own_and_no_child) {
  for (const CrewOptions& options :
       {CrewOptions{.words = {"run", "exit=8", "--in-process"}},
        CrewOptions{.words = {"run", "exit=8"}, .variables = {"OUTRIGGER_IN_PROCESS=1"}}}) {
    Crew crew(options);
    EXPECT_EQ(crew.await_exit_code(), 8);
    const auto births = crew.lines("service", "born " + part_text(Part::kAlone) + " attached");
    ASSERT_EQ(births.size(), 1u);
    EXPECT_EQ(births[0].pid, crew.pid());
    EXPECT_EQ(crew.count("keeper", ""), 0u);
  }
}

Part part_under_tracer(const std::vector<std::string>& variables) {
  Crew crew({.words = {"run", "exit=0"}, .variables = variables, .before_exec = [] {
               ptrace(PTRACE_TRACEME);
             }});
  int status = 0;
  waitpid(crew.pid(), &status, 0);
  EXPECT_TRUE(WIFSTOPPED(status));  // at exec
  while (!WIFEXITED(status) && !WIFSIGNALED(status)) {
    const int signal = WIFSTOPPED(status) && WSTOPSIG(status) != SIGTRAP ? WSTOPSIG(status) : 0;
    ptrace(PTRACE_CONT, crew.pid(), nullptr, signal);
    if (waitpid(crew.pid(), &status, 0) < 0) break;
  }
  const auto births = crew.lines("service", "born");
  return births.empty() ? Part::kCommand : static_cast<Part>(births[0].what[5] - '0');
}

TEST(Roles, program_under_a_tracer_runs_alone_unless_told_otherwise) {
  EXPECT_EQ(part_under_tracer({}), Part::kAlone);
  EXPECT_EQ(part_under_tracer({"OUTRIGGER_IN_PROCESS=0"}), Part::kService);
}

base::Fd sealed_card(segment::RoleCard card) {
  base::Fd memory(memfd_create("sealed", MFD_ALLOW_SEALING));
  if (write(memory.get(), &card, sizeof card) != static_cast<ssize_t>(sizeof card)) return {};
  fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
  return memory;
}

TEST(Roles, strange_role_variables_are_not_believed) {
  segment::RoleCard forged = supervisor::kBlankCard;
  forged.magic = segment::kRoleMagic;
  forged.role = segment::Role::kKeeper;
  forged.parent_pid = getpid();
  const base::Fd unsealed(memfd_create("unsealed", MFD_ALLOW_SEALING));
  ASSERT_EQ(write(unsealed.get(), &forged, sizeof forged), static_cast<ssize_t>(sizeof forged));
  // Sealed, with a channel of ours: but this test's program is another file.
  int channel[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, channel), 0);
  forged.channel = channel[1];
  const base::Fd sealed = sealed_card(forged);

  for (const std::string& value :
       {std::string(), std::string("x"), std::string("-1"), std::string("99999999999"),
        std::string("0"), std::to_string(unsealed.get()), std::to_string(sealed.get())}) {
    Crew crew({.words = {"run", "self", "exit=2"}, .variables = {"OUTRIGGER_ROLE=" + value}});
    EXPECT_EQ(crew.await_exit_code(), 2) << value;
    EXPECT_EQ(crew.count("service", "born " + part_text(Part::kService)), 1u) << value;
    EXPECT_EQ(crew.count("service", "role_variable gone"), 1u) << value;
  }
  close(channel[0]);
  close(channel[1]);
}

// The calling process watches; its child writes a card for a grandchild, as a supervisor does, and
// is gone before the grandchild goes on.
void become_orphan(int card_fd) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t supervisor = fork();
  if (supervisor > 0) {
    int status = 0;
    waitpid(supervisor, &status, 0);
    if (waitpid(-1, &status, 0) < 0) _exit(124);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 123);
  }
  int channel[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, channel) != 0) _exit(124);
  segment::RoleCard card = supervisor::kBlankCard;
  card.magic = segment::kRoleMagic;
  card.parent_pid = getpid();
  card.channel = channel[1];
  dup2(sealed_card(card).get(), card_fd);
  if (fork() > 0) _exit(0);
  close(channel[0]);
  while (getppid() == card.parent_pid) usleep(1000);
}

TEST(Roles, orphan_of_a_supervisor_that_died_at_once_starts_no_crew_of_its_own) {
  Crew crew({.words = {"run", "exit=0"}, .variables = {"OUTRIGGER_ROLE=60"}, .before_exec = [] {
               become_orphan(60);
             }});
  EXPECT_EQ(crew.await_exit_code(), 1);
  EXPECT_TRUE(crew.report().empty());
  EXPECT_EQ(crew.err(), "");
}

TEST(Roles, adopted_program_runs_with_words_of_its_own) {
  for (const char* word : {"probe", "-c"}) {
    Crew crew({.words = {word, "exit=9"}, .program = CREW_PROGRAM_ADOPTED});
    EXPECT_EQ(crew.await_exit_code(), 9) << word;
    EXPECT_EQ(crew.count("keeper", "finished"), 1u) << word;
  }
  Crew crew({.words = {"version"}, .program = CREW_PROGRAM_ADOPTED});
  EXPECT_EQ(crew.await_exit_code(), 42);
}

// As a file with capabilities is for its ordinary user: its process is not dumpable, so that nobody
// can look at what it runs.
TEST(Roles, program_that_may_not_be_read_is_a_crew_too) {
  if (getuid() != 0) GTEST_SKIP() << "needs a file of another user";
  const std::string program = testing::TempDir() + "crew-unreadable-" + std::to_string(getpid());
  std::filesystem::copy_file(CREW_PROGRAM_STATIC, program,
                             std::filesystem::copy_options::overwrite_existing);
  chmod(program.c_str(), 0111);
  Crew crew({.words = {"run", "exit=5"},
             .before_exec =
                 [] {
                   if (setuid(65534) != 0) _exit(124);
                 },
             .program = program});
  EXPECT_EQ(crew.await_exit_code(), 5);
  EXPECT_EQ(crew.count("keeper", "finished"), 1u);
  std::filesystem::remove(program);
}

TEST(Roles, children_are_named_grouped_and_scored) {
  Crew crew({.words = {"run", "self", "mask", "exit=0"}});
  EXPECT_EQ(crew.await_exit_code(), 0);
  EXPECT_EQ(crew.count("service", "name crew_program"), 1u);
  EXPECT_EQ(crew.count("keeper", "name keeper:crew_pro"), 1u);
  for (const char* part : {"service", "keeper"}) {
    EXPECT_EQ(crew.count(part, "group own"), 1u);
    EXPECT_EQ(crew.count(part, "role_variable gone"), 1u);
  }
  const auto score = [&](const char* part) {
    return std::stoi(crew.lines(part, "oom").at(0).what.substr(4));
  };
  EXPECT_EQ(score("service"), std::min(score("keeper") + 500, 1000));
  // TERM and USR1 are blocked until the service is ready for them; faults never are.
  EXPECT_EQ(crew.count("service", "mask 1 1 0"), 1u);
}

TEST(Roles, signal_mask_of_the_start_travels_in_the_card) {
  Crew crew({.words = {"run", "mask", "exit=0"}, .before_exec = [] {
               sigset_t set;
               sigemptyset(&set);
               sigaddset(&set, SIGUSR2);
               sigprocmask(SIG_SETMASK, &set, nullptr);
             }});
  EXPECT_EQ(crew.await_exit_code(), 0);
  EXPECT_EQ(crew.count("service", "card_mask " + std::to_string(1u << (SIGUSR2 - 1))), 1u);
}

// "3 cloexec target" of each descriptor from 3 on.
std::vector<std::string> descriptors(const Crew& crew, const char* part) {
  std::vector<std::string> result;
  for (const ReportLine& line : crew.lines(part, "fd ")) {
    if (std::stoi(line.what.substr(3)) > 2) result.push_back(line.what.substr(3));
  }
  return result;
}

size_t count_with(const std::vector<std::string>& lines, std::string_view text) {
  return static_cast<size_t>(
      std::count_if(lines.begin(), lines.end(),
                    [&](const std::string& line) { return line.find(text) != line.npos; }));
}

TEST(Roles, service_has_the_cards_descriptors_and_no_others) {
  Crew crew({.words = {"run", "descriptors", "exit=0"},
             .variables = {"CREW_KEEPER=descriptors"},
             // What the test itself has open is not the matter here.
             .before_exec = [] { close_range(3, ~0U, 0); }});
  EXPECT_EQ(crew.await_exit_code(), 0);
  const auto service = descriptors(crew, "service");
  // Segment, channel, two bells, the program's own stderr; the fake control thread adds its
  // signalfd.
  EXPECT_EQ(count_with(service, "outrigger-segment"), 1u);
  EXPECT_EQ(count_with(service, "[eventfd]"), 2u);
  EXPECT_EQ(count_with(service, "socket:"), 1u);
  EXPECT_EQ(count_with(service, "memfd:err"), 1u);
  EXPECT_EQ(count_with(service, "inherited"), 0u);
  EXPECT_LE(service.size(), 6u) << testing::PrintToString(service);
  const auto keeper = descriptors(crew, "keeper");
  // Segment, spool, channel, two bells, two captured pipes; the fake keeper adds its signalfd.
  EXPECT_EQ(count_with(keeper, "outrigger-spool"), 1u);
  EXPECT_EQ(count_with(keeper, "pipe:"), 2u);
  EXPECT_EQ(count_with(keeper, "inherited"), 0u);
  EXPECT_EQ(keeper.size(), 8u) << testing::PrintToString(keeper);
}

TEST(Roles, descriptors_of_the_start_go_to_the_service_alone) {
  Crew crew({.words = {"run", "descriptors", "wait"},
             .variables = {"CREW_KEEPER=descriptors"},
             .before_exec = [] { dup2(open("/dev/zero", O_RDONLY), 50); }});
  ASSERT_TRUE(crew.await("service", "fd 50 inherited /dev/zero"));
  ASSERT_TRUE(crew.await("keeper", "born"));
  EXPECT_EQ(crew.count("keeper", "fd 50 inherited"), 0u);
  const std::string link = "/proc/" + std::to_string(crew.pid()) + "/fd/50";
  EXPECT_TRUE(await([&] { return access(link.c_str(), F_OK) != 0; }));
}

TEST(Roles, words_of_the_init_system_reach_whom_they_concern) {
  Crew crew({.words = {"run", "self", "exit=0"},
             .variables = {"LISTEN_FDS=1", "LISTEN_PID=own", "NOTIFY_SOCKET=@nobody"}});
  EXPECT_EQ(crew.await_exit_code(), 0);
  EXPECT_EQ(crew.count("service", "listen_pid mine"), 1u);
  EXPECT_EQ(crew.count("keeper", "listen_pid gone"), 1u);
  EXPECT_EQ(crew.count("service", "notify_socket gone"), 1u);
  EXPECT_EQ(crew.count("keeper", "notify_socket gone"), 1u);
}

TEST(Roles, listening_sockets_of_another_process_are_not_handed_on) {
  Crew crew({.words = {"run", "self", "exit=0"}, .variables = {"LISTEN_FDS=1", "LISTEN_PID=1"}});
  EXPECT_EQ(crew.await_exit_code(), 0);
  EXPECT_EQ(crew.count("service", "listen_pid gone"), 1u);
}

TEST(Roles, service_does_not_read_from_the_terminal) {
  int terminal = -1;
  int ours = -1;
  ASSERT_EQ(openpty(&ours, &terminal, nullptr, nullptr, nullptr), 0);
  Crew crew({.words = {"run", "stdin", "exit=0"}, .before_exec = [=] { dup2(terminal, 0); }});
  EXPECT_EQ(crew.await_exit_code(), 0);
  EXPECT_EQ(crew.count("service", "stdin 0"), 1u);
  close(ours);
  close(terminal);
}

TEST(Roles, service_reads_what_is_piped_to_the_program) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  Crew crew({.words = {"run", "stdin", "exit=0"}, .before_exec = [=] { dup2(ends[0], 0); }});
  EXPECT_EQ(crew.await_exit_code(), 0);
  EXPECT_EQ(crew.count("service", "stdin 1"), 1u);
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace outrigger::test
