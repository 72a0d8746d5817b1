// A service can write no file, but where it says so; the page tells whether that holds, and why not.
#include <errno.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "harness.h"

namespace outrigger::whole {
namespace {

std::vector<std::string> run(std::vector<std::string> more = {}) {
  std::vector<std::string> words{"run",         "--listen", "127.0.0.1:0", "--admin",
                                 "127.0.0.1:0", "--logs",   "stdout-json"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// On a disk, or what stands for one: not below /dev/shm.
class Disk {
 public:
  explicit Disk(std::string directory) : directory_(std::move(directory)) {
    std::filesystem::create_directories(directory_ + "/empty");
    std::ofstream(directory_ + "/old") << "old";
    std::ofstream(directory_ + "/gone") << "gone";
  }
  Disk() : Disk("/tmp/outrigger-confine-" + std::to_string(getpid())) {}
  ~Disk() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  const std::string& path() const { return directory_; }

 private:
  std::string directory_;
};

bool enforced(Program& program) {
  return http(program.admin_port(), "/health").body.find("\"writing\": \"refused") !=
         std::string::npos;
}

size_t count_of(const std::string& text, std::string_view piece) {
  size_t count = 0;
  for (size_t at = text.find(piece); at != std::string::npos; at = text.find(piece, at + 1))
    ++count;
  return count;
}

TEST(Confined, a_service_changes_nothing_on_a_disk_in_any_thread_nor_after_exec) {
  const Disk disk;
  Program program(WRITER, run());
  const int port = program.service_port();
  ASSERT_NE(port, 0) << program.err();
  const std::string page = http(program.admin_port(), "/health").body;
  if (page.find("not enforced") != std::string::npos) GTEST_SKIP() << page;
  const std::string said = http(port, "/try?directory=" + disk.path(), "POST").body;
  for (const char* way :
       {"write", "create", "truncate", "rename", "link", "mkdir", "rmdir", "unlink"})
    EXPECT_EQ(count_of(said, "\"" + std::string(way) + "\":\"EACCES\""), 2u) << way << ": " << said;
  for (const char* way : {"read", "null", "shm"})
    EXPECT_EQ(count_of(said, "\"" + std::string(way) + "\":\"done\""), 2u) << way << ": " << said;
  EXPECT_NE(json_number(said, "sh"), 0) << said;
  EXPECT_TRUE(enforced(program));
  EXPECT_EQ(read_file(disk.path() + "/old"), "old");
  EXPECT_FALSE(std::filesystem::exists(disk.path() + "/by_sh"));
}

TEST(Confined, a_declared_directory_may_be_written) {
  const Disk disk(WRITER_ALLOWED);
  Program program(WRITER, run());
  const int port = program.service_port();
  ASSERT_NE(port, 0) << program.err();
  const std::string said = http(port, "/try?directory=" + disk.path(), "POST").body;
  EXPECT_EQ(said.find("EACCES"), std::string::npos) << said;
  EXPECT_TRUE(std::filesystem::exists(disk.path() + "/by_sh"));
}

TEST(Confined, off_means_off_and_the_page_says_so) {
  const Disk disk;
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--no-confine"}, {"--confine", "off"}}) {
    Program program(WRITER, run(words));
    const int port = program.service_port();
    ASSERT_NE(port, 0) << program.err();
    EXPECT_FALSE(enforced(program));
    const std::string said = http(port, "/try?directory=" + disk.path(), "POST").body;
    EXPECT_EQ(said.find("EACCES"), std::string::npos) << said;
  }
}

TEST(Confined, report_names_what_is_written_with_the_line_to_add) {
  const Disk disk;
  Program program(WRITER, run({"--confine", "report"}));
  const int port = program.service_port();
  ASSERT_NE(port, 0) << program.err();
  http(port, "/hold?file=" + disk.path() + "/database", "POST");
  const std::string line = "OUTRIGGER_WRITES(\\\"" + disk.path() + "\\\")";
  EXPECT_TRUE(eventually(kPatience, [&] { return program.out().find(line) != std::string::npos; }))
      << program.out();
  const std::string page = http(program.admin_port(), "/health").body;
  EXPECT_NE(page.find(disk.path() + "/database"), std::string::npos) << page;
}

// As on a kernel that has none: the call is not known there.
void take_landlock_away() {
  sock_filter code[] = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_landlock_create_ruleset},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | ENOSYS},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
  };
  sock_fprog program{static_cast<unsigned short>(std::size(code)), code};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

TEST(Confined, without_landlock_the_service_runs_and_the_page_says_why_it_is_not) {
  const Disk disk;
  StartOptions options;
  options.in_child = take_landlock_away;
  Program program(WRITER, run(), options);
  const int port = program.service_port();
  ASSERT_NE(port, 0) << program.err();
  const std::string page = http(program.admin_port(), "/health").body;
  const size_t writing = page.find("\"writing\": \"");
  ASSERT_NE(writing, std::string::npos) << page;
  EXPECT_EQ(page.substr(writing + 12).substr(0, 12), "not enforced") << page.substr(writing, 200);
  EXPECT_NE(page.substr(writing, 200).find("Landlock"), std::string::npos)
      << page.substr(writing, 200);
  const std::string said = http(port, "/try?directory=" + disk.path(), "POST").body;
  EXPECT_EQ(said.find("EACCES"), std::string::npos) << said;
}

TEST(Confined, as_one_process_it_is_not_and_the_page_says_so) {
  Program program(WRITER, run({"--in-process"}));
  ASSERT_NE(program.service_port(), 0) << program.err();
  const std::string page = http(program.admin_port(), "/health").body;
  EXPECT_NE(page.find("\"writing\": \"not enforced: it is one process\""), std::string::npos)
      << page;
}

}  // namespace
}  // namespace outrigger::whole
