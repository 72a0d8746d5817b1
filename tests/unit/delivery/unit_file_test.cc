// The definitions for init systems. systemd judges its own: systemd-analyze, where it is there.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "delivery/files.h"
#include "delivery/init_system.h"
#include "delivery/subprocess.h"
#include "facts.h"

namespace outrigger::delivery {
namespace {

using namespace std::chrono_literals;

struct Rendered {
  Facts facts = prober_facts();
  InitWanted wanted{};
  std::string program = "/bin/true";
  int version = 0;
  Render render() const { return {facts, wanted, program, version}; }
  std::string service() const { return service_unit(render()); }
};

// The value of a directive; "(none)" where it does not stand.
std::string value_in(const std::string& unit, const std::string& name) {
  std::istringstream lines(unit);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name + "=")) return line.substr(name.size() + 1);
  }
  return "(none)";
}

class Scratch {
 public:
  Scratch() {
    char name[] = "/dev/shm/unit-file-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~Scratch() { (void)remove_all(path_); }
  std::string put(const std::string& name, const std::string& text) const {
    std::ofstream(path_ + "/" + name) << text;
    return path_ + "/" + name;
  }

 private:
  std::string path_;
};

std::vector<Rendered> variants() {
  std::vector<Rendered> all(5);
  all[1].facts.listen.clear();
  all[2].facts.unit = {.user = "daemon",
                       .open_files = 1'000'000,
                       .memory_bytes_max = 1u << 30,
                       .tasks_max = 100,
                       .devices = {"/dev/null"},
                       .writable = {"/var/lib"},
                       .capabilities = {"CAP_NET_RAW"},
                       .jit = true,
                       .real_time = true};
  all[3].facts.about = "100% \"safe\"; $HOME \\ and\nlines";
  all[3].wanted.run_words = {"--target", "http://a/%20b?c=$d", "two words", "it's",
                             "",         "semi;colon"};
  all[4].facts.listen = "unix:@prober";
  return all;
}

TEST(UnitFile, systemd_has_nothing_to_say_against_any_of_them) {
  if (find_program("systemd-analyze").empty()) GTEST_SKIP() << "no systemd-analyze";
  for (const Rendered& each : variants()) {
    const Scratch scratch;
    std::vector<std::string> words{"systemd-analyze", "verify", "--man=no", "--recursive-errors=no",
                                   scratch.put("prober.service", each.service())};
    if (!each.facts.listen.empty())
      words.push_back(scratch.put("prober.socket", socket_unit(each.render())));
    const Ended ended = run_program(words, 30s);
    EXPECT_EQ(ended.status, 0) << ended.text;
    EXPECT_EQ(ended.text, "") << each.service();
  }
}

TEST(UnitFile, its_exposure_is_two_point_zero_at_most) {
  if (find_program("systemd-analyze").empty()) GTEST_SKIP() << "no systemd-analyze";
  const Scratch scratch;
  const std::string path = scratch.put("prober.service", Rendered().service());
  const Ended ended = run_program(
      {"systemd-analyze", "security", "--offline=yes", "--threshold=20", "--no-pager", path}, 30s);
  EXPECT_EQ(ended.status, 0) << ended.text;
  const std::string last = ended.text.substr(ended.text.find("Overall exposure"));
  printf("%s", last.c_str());
}

TEST(UnitFile, what_the_crew_needs_stands_in_it) {
  Rendered rendered;
  rendered.facts.stop_budget = 40'500ms;
  const std::string unit = rendered.service();
  EXPECT_EQ(value_in(unit, "Type"), "notify");
  EXPECT_EQ(value_in(unit, "KillMode"), "mixed");
  EXPECT_EQ(value_in(unit, "OOMPolicy"), "continue");
  EXPECT_EQ(value_in(unit, "TimeoutStopSec"), "44") << "the stop budget and 3 s, rounded up";
  EXPECT_EQ(value_in(unit, "Restart"), "on-failure");
  EXPECT_EQ(value_in(unit, "CapabilityBoundingSet"), "");
  EXPECT_EQ(value_in(unit, "ProtectSystem"), "strict");
  EXPECT_EQ(value_in(unit, "DynamicUser"), "yes");
  EXPECT_EQ(value_in(unit, "ReadWritePaths"), "(none)");
  EXPECT_NE(value_in(unit, "SystemCallFilter").find(" ptrace "), std::string::npos);
}

TEST(UnitFile, systemd_waits_as_long_as_init_does) {
  Rendered rendered;
  EXPECT_EQ(value_in(rendered.service(), "TimeoutStartSec"), "(none)") << "90 s are systemd's own";
  rendered.wanted.timeout = 5min;
  EXPECT_EQ(value_in(rendered.service(), "TimeoutStartSec"), "303");
}

TEST(UnitFile, what_the_code_allows_is_allowed_and_no_more) {
  const std::string unit = variants()[2].service();
  EXPECT_EQ(value_in(unit, "User"), "daemon");
  EXPECT_EQ(value_in(unit, "DynamicUser"), "(none)");
  EXPECT_EQ(value_in(unit, "LimitNOFILE"), "1000000");
  EXPECT_EQ(value_in(unit, "MemoryMax"), "1073741824");
  EXPECT_EQ(value_in(unit, "TasksMax"), "100");
  EXPECT_EQ(value_in(unit, "DeviceAllow"), "/dev/null rw");
  EXPECT_EQ(value_in(unit, "PrivateDevices"), "(none)");
  EXPECT_EQ(value_in(unit, "ReadWritePaths"), "/var/lib");
  EXPECT_EQ(value_in(unit, "CapabilityBoundingSet"), "CAP_NET_RAW");
  EXPECT_EQ(value_in(unit, "MemoryDenyWriteExecute"), "no");
  EXPECT_EQ(value_in(unit, "RestrictRealtime"), "no");
  EXPECT_EQ(value_in(unit, "NoNewPrivileges"), "yes");
}

TEST(UnitFile, back_off_grows_where_systemd_knows_how) {
  Rendered rendered;
  EXPECT_EQ(value_in(rendered.service(), "RestartSteps"), "(none)");
  rendered.version = 252;
  EXPECT_EQ(value_in(rendered.service(), "RestartSteps"), "(none)");
  rendered.version = 254;
  EXPECT_EQ(value_in(rendered.service(), "RestartSteps"), "6");
  EXPECT_EQ(value_in(rendered.service(), "RestartMaxDelaySec"), "60");
}

TEST(UnitFile, words_reach_the_program_as_they_are) {
  EXPECT_EQ(systemd_word("plain"), "plain");
  EXPECT_EQ(systemd_word(""), "\"\"");
  EXPECT_EQ(systemd_word("two words"), "\"two words\"");
  EXPECT_EQ(systemd_word("100%$x"), "100%%$$x");
  EXPECT_EQ(systemd_word("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_EQ(systemd_word("semi;colon"), "\"semi;colon\"");
  EXPECT_EQ(systemd_word("a\nb"), "\"a\\nb\"");
}

// init(5): a stanza a line; these are all that the job may have.
TEST(Upstart, the_job_keeps_to_the_grammar) {
  const std::vector<std::string> known{
      "description", "start on", "stop on", "respawn",     "kill timeout", "umask", "limit nofile",
      "limit core",  "env",      "setuid",  "console log", "exec",         "#"};
  for (const Rendered& each : variants()) {
    const auto definitions = make_upstart()->definitions(each.render());
    ASSERT_EQ(definitions.size(), 1u);
    EXPECT_EQ(definitions[0].path, "/etc/init/prober.conf");
    std::istringstream lines(definitions[0].text);
    for (std::string line; std::getline(lines, line);) {
      EXPECT_TRUE(std::any_of(known.begin(), known.end(), [&](const std::string& stanza) {
        return line.starts_with(stanza);
      })) << line;
    }
    EXPECT_NE(definitions[0].text.find("respawn\nrespawn limit 10 60\n"), std::string::npos);
    EXPECT_NE(definitions[0].text.find("kill timeout 28\n"), std::string::npos);
  }
  const auto job = make_upstart()->definitions(variants()[3].render())[0].text;
  EXPECT_NE(job.find("exec /bin/true run --target 'http://a/%20b?c=$d' 'two words' 'it'\\''s' '' "
                     "'semi;colon'\n"),
            std::string::npos)
      << job;
}

}  // namespace
}  // namespace outrigger::delivery
