// SQLite in a confined service: in memory it works, on a disk it is refused, or named where that is only
// reported.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>

#include "harness.h"

namespace outrigger::whole {
namespace {

std::vector<std::string> run(const std::string& mode) {
  return {"run",    "--listen",    "127.0.0.1:0", "--admin", "127.0.0.1:0",
          "--logs", "stdout-json", "--confine",   mode};
}

class Sqlite : public testing::Test {
 protected:
  // On a disk, or what stands for one: not below /dev/shm.
  Sqlite() { std::filesystem::create_directories(directory_); }
  ~Sqlite() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  static std::string keep(int port, const std::string& file) {
    return json_text(http(port, "/keep?file=" + file, "POST").body, "said");
  }
  const std::string directory_ = "/tmp/outrigger-books-" + std::to_string(getpid());
  const std::string file_ = directory_ + "/books.db";
};

TEST_F(Sqlite, works_in_memory_and_is_refused_on_a_disk) {
  Program program(BOOKS, run("enforce"));
  const int port = program.service_port();
  ASSERT_NE(port, 0) << program.err();
  const std::string page = http(program.admin_port(), "/health").body;
  if (page.find("not enforced") != std::string::npos) GTEST_SKIP() << page;
  EXPECT_EQ(keep(port, ":memory:"), "done");
  EXPECT_EQ(keep(port, file_), "unable to open database file");
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(Sqlite, on_a_disk_is_named_with_the_line_to_add_where_writing_is_reported) {
  Program program(BOOKS, run("report"));
  const int port = program.service_port();
  ASSERT_NE(port, 0) << program.err();
  EXPECT_EQ(keep(port, file_), "done");
  const std::string line = "OUTRIGGER_WRITES(\\\"" + directory_ + "\\\")";
  EXPECT_TRUE(eventually(kPatience, [&] { return program.out().find(line) != std::string::npos; }))
      << program.out();
  EXPECT_NE(http(program.admin_port(), "/health").body.find(file_), std::string::npos);
}

}  // namespace
}  // namespace outrigger::whole
