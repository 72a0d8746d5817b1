// What a crew's processes are to the rest of the machine: their names, their limits.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "crew_harness.h"

namespace outrigger::test {
namespace {

std::string proc(pid_t pid, const char* name) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// As ps prints it: words with blanks between them, no end marks.
std::string command_line(pid_t pid) {
  std::string text = proc(pid, "cmdline");
  while (!text.empty() && text.back() == '\0') text.pop_back();
  std::replace(text.begin(), text.end(), '\0', ' ');
  return text;
}

TEST(Title, children_show_their_part_and_the_arguments) {
  Crew crew({.words = {"run", "wait"}});
  ASSERT_TRUE(crew.await_crew());
  EXPECT_EQ(command_line(crew.newest("service")), "crew_program: service run wait");
  EXPECT_EQ(command_line(crew.newest("keeper")), "crew_program: keeper run wait");
  EXPECT_EQ(proc(crew.newest("keeper"), "comm"), "keeper:crew_pro\n");
  // Whoever started the program finds what he started.
  EXPECT_EQ(command_line(crew.pid()), std::string(CREW_PROGRAM) + " run wait");
}

TEST(Title, static_program_and_one_with_sockets_of_the_init_system) {
  Crew crew({.words = {"run", "wait"},
             .variables = {"LISTEN_PID=own", "LISTEN_FDS=1", "OTHER=stays"},
             .program = CREW_PROGRAM_STATIC});
  ASSERT_TRUE(crew.await_crew());
  const pid_t service = crew.newest("service");
  EXPECT_EQ(command_line(service), "crew_program_static: service run wait");
  EXPECT_NE(proc(service, "environ").find("LISTEN_PID=" + std::to_string(service)),
            std::string::npos);
  EXPECT_NE(proc(service, "environ").find("OTHER=stays"), std::string::npos);
}

TEST(Title, has_room_though_the_program_was_called_by_a_short_name) {
  const std::filesystem::path directory =
      std::filesystem::path("/dev/shm") / ("outrigger-title-" + std::to_string(getpid()));
  std::filesystem::create_directory(directory);
  std::filesystem::create_symlink(CREW_PROGRAM, directory / "p");
  {
    Crew crew({.words = {"run", "wait"},
               .before_exec = [&] { (void)!chdir(directory.c_str()); },
               .program = "./p"});
    ASSERT_TRUE(crew.await_crew());
    EXPECT_EQ(command_line(crew.newest("service")), "p: service run wait");
    EXPECT_EQ(command_line(crew.newest("keeper")), "p: keeper run wait");
  }
  std::filesystem::remove_all(directory);
}

// "soft hard", as /proc shows them.
std::string core_limits(pid_t pid) {
  std::istringstream lines(proc(pid, "limits"));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("Max core file size")) continue;
    std::istringstream words(line.substr(18));
    std::string soft, hard;
    words >> soft >> hard;
    return soft + " " + hard;
  }
  return "none";
}

CrewOptions with_limit(rlim_t hard, std::vector<std::string> words, const char* program) {
  return {.words = std::move(words),
          .before_exec =
              [hard] {
                const rlimit limit{hard, hard};
                setrlimit(RLIMIT_CORE, &limit);
              },
          .program = program};
}

TEST(Core, is_forbidden_to_every_process_of_a_crew) {
  Crew crew(with_limit(1 << 20, {"run", "wait"}, CREW_PROGRAM));
  ASSERT_TRUE(crew.await_crew());
  EXPECT_EQ(core_limits(crew.pid()), "1 1048576");
  EXPECT_EQ(core_limits(crew.newest("service")), "1 1048576");
  EXPECT_EQ(core_limits(crew.newest("keeper")), "1 1048576");
}

TEST(Core, is_allowed_to_the_service_alone_when_asked_for) {
  Crew by_option(with_limit(1 << 20, {"run", "wait", "--core"}, CREW_PROGRAM));
  CrewOptions options = with_limit(1 << 20, {"run", "wait"}, CREW_PROGRAM_ADOPTED);
  options.variables = {"OUTRIGGER_CORE=1"};
  Crew by_variable(std::move(options));
  for (Crew* crew : {&by_option, &by_variable}) {
    ASSERT_TRUE(crew->await_crew());
    EXPECT_EQ(core_limits(crew->newest("service")), "1048576 1048576");
    EXPECT_EQ(core_limits(crew->newest("keeper")), "1 1048576");
  }
}

TEST(Core, of_an_adopted_program_is_not_asked_for_by_its_own_option) {
  Crew crew(with_limit(1 << 20, {"run", "wait", "--core"}, CREW_PROGRAM_ADOPTED));
  ASSERT_TRUE(crew.await_crew());
  EXPECT_EQ(core_limits(crew.newest("service")), "1 1048576");
}

TEST(Core, that_the_machine_does_not_allow_is_told_and_harms_nothing) {
  Crew crew(with_limit(0, {"run", "exit=3", "--core"}, CREW_PROGRAM));
  EXPECT_EQ(crew.await_exit_code(), 3);
  EXPECT_NE(crew.err().find("--core: the hard limit on core files is 0"), std::string::npos)
      << crew.err();
}

}  // namespace
}  // namespace outrigger::test
