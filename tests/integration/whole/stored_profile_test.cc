// Where a stack names a bucket for them, the heap profile of a death for want of memory goes there, and
// `profile fetch` reads it; where S3 takes none it goes into the log as ever.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "emulator.h"
#include "harness.h"
#include "memory_cgroup.h"

namespace outrigger::whole {
namespace {

constexpr const char* kAccount = R"({
  "instance": {"instance-id": "i-0123456789abcdef0", "region": "eu-west-1", "account": "123456789012",
               "availability-zone": "eu-west-1b", "role": "orders"},
  "tags": {"Environment": "staging", "aws:cloudformation:stack-name": "orders"},
  "stack_outputs": {"orders": {"ProfilesBucketName": "profiles-of-orders"}}})";
constexpr const char* kFolder = "s3://profiles-of-orders/dier/profiles/i-0123456789abcdef0/heap-";

std::vector<std::string> entries(const std::string& messages, std::string_view beginning) {
  std::vector<std::string> found;
  for_each_line(messages, [&](std::string_view line) {
    if (json_text(line, "message").starts_with(beginning)) found.emplace_back(line);
  });
  return found;
}

class StoredProfile : public testing::Test {
 protected:
  void SetUp() override {
    if (!group_) GTEST_SKIP() << "no memory cgroup of version 1 can be made here";
    ASSERT_TRUE(emulator_.started());
    emulator_.set_account(kAccount);
  }

  // Runs it until the kernel has killed it; the entry of its death.
  std::string killed_for_want_of_memory() {
    StartOptions options;
    options.environment = emulator_.instance_environment();
    for (const char* each : {"OUTRIGGER_LISTEN=127.0.0.1:0", "OUTRIGGER_ADMIN=127.0.0.1:0",
                             "OUTRIGGER_LOGS=cloudwatch", "OUTRIGGER_METRICS=none"})
      options.environment.emplace_back(each);
    options.in_child = [&] { group_.enter(); };
    Program program(DIER, {}, options);
    int port = 0;
    const bool up = eventually(kPatience, [&] {
      constexpr std::string_view kMarker = "answers on http://127.0.0.1:";
      const std::string messages = emulator_.messages();
      const size_t at = messages.find(kMarker);
      if (at != std::string::npos) port = atoi(messages.c_str() + at + kMarker.size());
      return port != 0;
    });
    EXPECT_TRUE(up) << program.err() << emulator_.messages();
    if (!up) return {};
    http(port, "/die?how=leak&where=worker", "POST");
    EXPECT_EQ(program.exit_status(kPatience), 137) << program.err();
    const auto told = entries(emulator_.messages(), "service ended");
    EXPECT_EQ(told.size(), 1u) << emulator_.messages();
    return told.empty() ? std::string() : told.front();
  }

  // What `profile fetch WORDS` makes of the log.
  std::string fetched(std::vector<std::string> words) {
    Scratch scratch;
    std::ofstream(scratch.path("log")) << emulator_.messages();
    StartOptions options;
    options.environment = emulator_.environment();
    options.environment.emplace_back("AWS_REGION=eu-west-1");
    options.in_child = [&] {
      dup2(open(scratch.path("log").c_str(), O_RDONLY | O_CLOEXEC), STDIN_FILENO);
    };
    words.insert(words.begin(), {"profile", "fetch", "-o", scratch.path("heap")});
    Program program(DIER, words, options);
    EXPECT_EQ(program.exit_status(kPatience), 0) << program.err();
    return read_file(scratch.path("heap"));
  }

  const MemoryCgroup group_{200u << 20};
  test::Emulator emulator_;
};

TEST_F(StoredProfile, lies_in_the_bucket_that_the_stack_names) {
  const std::string entry = killed_for_want_of_memory();
  const std::string stored = json_text(entry, "heap_stored");
  EXPECT_TRUE(stored.starts_with(kFolder)) << entry;
  EXPECT_EQ(json_number(entry, "heap_parts"), 0) << entry;
  EXPECT_NE(json_text(entry, "heap").find("dier::leaks"), std::string::npos) << entry;
  EXPECT_TRUE(entries(emulator_.messages(), "heap profile").empty());
  const std::string by_log = fetched({json_text(entry, "heap_profile")});
  EXPECT_EQ(by_log.substr(0, 2), "\x1f\x8b");
  EXPECT_EQ(fetched({}), by_log);
  EXPECT_EQ(fetched({stored}), by_log);
  EXPECT_EQ(emulator_.violations(), 0) << emulator_.report();
}

TEST_F(StoredProfile, goes_into_the_log_where_s3_refuses) {
  emulator_.set_faults(
      R"({"kind":"error","operation":"PutObject","status":403,"code":"AccessDenied"})");
  const std::string entry = killed_for_want_of_memory();
  EXPECT_EQ(json_text(entry, "heap_stored"), "") << entry;
  EXPECT_GT(json_number(entry, "heap_parts").value_or(0), 0) << entry;
  EXPECT_EQ(fetched({json_text(entry, "heap_profile")}).substr(0, 2), "\x1f\x8b");
}

TEST_F(StoredProfile, goes_into_the_log_where_s3_does_not_answer) {
  emulator_.set_faults(R"({"kind":"swallow","operation":"PutObject"})");
  const std::string entry = killed_for_want_of_memory();
  EXPECT_EQ(json_text(entry, "heap_stored"), "") << entry;
  EXPECT_GT(json_number(entry, "heap_parts").value_or(0), 0) << entry;
}

}  // namespace
}  // namespace outrigger::whole
