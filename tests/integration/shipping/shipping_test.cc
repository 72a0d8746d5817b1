// emitted = delivered + in the ledger + printed, exactly, whatever befalls: a real service, a real
// keeper, TLS, the strict emulator.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <map>
#include <set>
#include <thread>

#include "emulator.h"
#include "harness.h"
#include "logged.h"
#include "pattern.h"

namespace outrigger::whole {
namespace {

constexpr int kThreads = 2;
constexpr int kRate = 3'000;  // lines a second and thread

// How long a fault lasts: the short form, or as long as the environment says.
std::chrono::milliseconds fault_time() {
  const char* const seconds = getenv("OUTRIGGER_TEST_FAULT_SECONDS");
  return seconds == nullptr ? 2'000ms : std::chrono::seconds(std::max(1, atoi(seconds)));
}

struct Account {
  std::map<std::string, std::set<int64_t>> delivered;  // ring -> numbers
  std::map<std::string, std::set<int64_t>> printed;
  std::map<std::string, std::set<int64_t>> lines;  // thread -> n, wherever they came
  int64_t dropped = 0;                             // as the ledger's entries tell
  int64_t twice = 0;
};

void read_into(Account& account, std::map<std::string, std::set<int64_t>>& into,
               std::string_view text) {
  for_each_line(text, [&](std::string_view line) {
    const std::string ring = json_text(line, "ring");
    if (ring.empty()) return;
    const auto sequence = json_number(line, "seq");
    if (!sequence) return;
    if (!into[ring].insert(*sequence).second) {
      ++account.twice;
      return;
    }
    const auto n = json_number(line, "n");
    const auto t = json_number(line, "t");
    if (n && t) account.lines[std::to_string(*t)].insert(*n);
    if (json_text(line, "message").starts_with("dropped "))
      account.dropped += json_number(line, "count").value_or(0);
  });
}

class ShippingTest : public testing::Test {
 protected:
  StartOptions options() const {
    StartOptions options;
    options.environment = emulator_.environment();
    return options;
  }
  std::vector<std::string> arguments(int rate = kRate) const {
    return {"run",
            "--logs",
            "cloudwatch",
            "--counts",
            counts_.path(),
            "--threads",
            std::to_string(kThreads),
            "--rate",
            std::to_string(rate),
            "--listen",
            "127.0.0.1:0",
            "--admin",
            "127.0.0.1:0"};
  }
  bool delivers(int64_t more = 1'000) {
    const int64_t before = emulator_.count({"logs", "keys", "distinct"});
    return eventually(60s, [&] {
      return emulator_.count({"logs", "keys", "distinct"}) >= before + more;
    });
  }
  uint64_t returned() const {
    uint64_t sum = 0;
    for (int t = 0; t < kThreads; ++t) sum += counts_->returned[t].load();
    return sum;
  }
  bool logs_more(uint64_t more) {
    const uint64_t before = returned();
    return eventually(60s, [&] { return returned() >= before + more; });
  }
  // SIGTERM, and all that the contract promises for the end.
  void stop(Program& program) {
    kill(program.pid(), SIGTERM);
    EXPECT_EQ(program.exit_status(60s), 0) << program.err();
  }
  // Every call that returned is a line somewhere, or told as dropped; at most one a thread was
  // under way when the service was killed.
  Account settle(Program& program) {
    Account account;
    read_into(account, account.delivered, emulator_.messages());
    read_into(account, account.printed, program.out());
    int64_t found = 0;
    for (const auto& [thread, numbers] : account.lines)
      found += static_cast<int64_t>(numbers.size());
    const auto emitted = static_cast<int64_t>(returned());
    EXPECT_GE(found + account.dropped, emitted);
    EXPECT_LE(found + account.dropped, emitted + kThreads + (account.dropped == 0 ? 0 : 20))
        << "of what was dropped, some may be the keeper's and the service's own entries";
    EXPECT_EQ(emulator_.violations(), 0) << emulator_.report().substr(0, 2'000);
    EXPECT_EQ(emulator_.count({"logs", "not_kept"}), 0);
    int64_t both = 0;
    for (const auto& [ring, numbers] : account.printed) {
      for (const int64_t number : numbers)
        both += static_cast<int64_t>(account.delivered[ring].count(number));
    }
    EXPECT_EQ(both, 0) << "printed though it was delivered";
    std::cout << "emitted " << emitted << ", found " << found << ", told as dropped "
              << account.dropped << ", twice " << emulator_.count({"logs", "keys", "duplicates"})
              << ", printed " << program.out().size() << " bytes\n";
    return account;
  }
  int64_t duplicates() const { return emulator_.count({"logs", "keys", "duplicates"}); }

  test::Emulator emulator_{{"--keep", "2000000000"}};
  CountsFile counts_;
};

TEST_F(ShippingTest, all_arrives_in_the_group_and_stream_and_each_entry_once) {
  Program program(LOGGER, arguments(), options());
  ASSERT_TRUE(delivers(10'000)) << program.err() << emulator_.report().substr(0, 2'000);
  stop(program);
  const Account account = settle(program);
  EXPECT_EQ(account.dropped, 0);
  EXPECT_EQ(duplicates(), 0);
  EXPECT_EQ(program.out(), "");
  EXPECT_EQ(emulator_.count({"logs", "keys", "missing"}), 0);
  const std::string report = emulator_.report();
  EXPECT_NE(report.find("\"/outrigger/logger/local\""), std::string::npos) << report;
  EXPECT_NE(report.find("\"retention_days\":30"), std::string::npos);
}

TEST_F(ShippingTest, an_outage_is_waited_for) {
  Program program(LOGGER, arguments(), options());
  ASSERT_TRUE(delivers());
  emulator_.set_faults(R"({"kind":"reset_before","service":"logs"})");
  ASSERT_TRUE(logs_more(10'000));
  std::this_thread::sleep_for(fault_time());
  const std::string health = http(program.admin_port(), "/health").body;
  EXPECT_NE(health.find("CloudWatch Logs has taken nothing for"), std::string::npos) << health;
  emulator_.clear_faults();
  ASSERT_TRUE(delivers());
  stop(program);
  settle(program);
  EXPECT_EQ(duplicates(), 0);
  EXPECT_EQ(program.out(), "");
}

TEST_F(ShippingTest, an_endpoint_that_comes_and_goes) {
  Program program(LOGGER, arguments(), options());
  ASSERT_TRUE(delivers());
  // Each time in the middle of another stage of the backoff.
  const auto until = std::chrono::steady_clock::now() + 2 * fault_time();
  for (int i = 0; i < 4 || std::chrono::steady_clock::now() < until; ++i) {
    emulator_.set_faults(i % 2 == 0 ? R"({"kind":"reset_before","service":"logs"})"
                                    : R"({"kind":"error","service":"logs","status":503})");
    std::this_thread::sleep_for(fault_time() / 6);
    emulator_.clear_faults();
    ASSERT_TRUE(delivers());
  }
  stop(program);
  settle(program);
  EXPECT_EQ(duplicates(), 0) << "no answer was lost";
  EXPECT_EQ(program.out(), "");
}

// Each fault befalls two calls, so that its time-outs are waited for once.
TEST_F(ShippingTest, answers_that_are_late_broken_or_never_come) {
  Program program(LOGGER, arguments(), options());
  ASSERT_TRUE(delivers());
  for (const char* const fault :
       {R"({"kind":"swallow","operation":"PutLogEvents","count":2})",
        R"({"kind":"slow","operation":"PutLogEvents","count":2,"delay_ms":700})",
        R"({"kind":"expired_token","operation":"PutLogEvents","count":2})",
        R"({"kind":"half_answer","operation":"PutLogEvents","count":2})"}) {
    emulator_.set_faults(fault);
    ASSERT_TRUE(eventually(60s, [&] { return emulator_.count({"faults", "left"}) == 0; })) << fault;
    ASSERT_TRUE(delivers()) << fault;
    emulator_.clear_faults();
  }
  stop(program);
  settle(program);
  EXPECT_GT(duplicates(), 0) << "what had half an answer came again";
  EXPECT_EQ(program.out(), "");
}

TEST_F(ShippingTest, a_wrong_clock_is_corrected_and_so_is_the_right_one_afterwards) {
  Program program(LOGGER, arguments(), options());
  for (const char* const offset_ms : {"0", "-3600000", "3600000", "0"}) {
    emulator_.control("PUT", "clock", std::string("{\"offset_ms\":") + offset_ms + "}");
    ASSERT_TRUE(delivers(2'000)) << offset_ms << emulator_.report().substr(0, 1'000);
  }
  stop(program);
  settle(program);
  EXPECT_EQ(duplicates(), 0);
  EXPECT_EQ(program.out(), "");
}

TEST_F(ShippingTest, a_metadata_service_that_does_not_answer_at_first_is_asked_again) {
  emulator_.set_faults(R"({"kind":"swallow","service":"imds","count":2})");
  StartOptions as_instance;
  as_instance.environment = emulator_.instance_environment();
  Program program(LOGGER, arguments(), as_instance);
  ASSERT_TRUE(delivers(10'000)) << http(program.admin_port(), "/health").body;
  stop(program);
  settle(program);
  EXPECT_EQ(duplicates(), 0);
  EXPECT_EQ(program.out(), "");
}

TEST_F(ShippingTest, throttling_of_a_tenth) {
  emulator_.set_faults(R"({"kind":"throttle","operation":"PutLogEvents","probability":0.1})");
  Program program(LOGGER, arguments(), options());
  std::this_thread::sleep_for(fault_time());
  ASSERT_TRUE(delivers(10'000));
  stop(program);
  settle(program);
  EXPECT_EQ(duplicates(), 0);
  EXPECT_EQ(program.out(), "");
}

TEST_F(ShippingTest, lost_answers_make_duplicates_and_nothing_else_does) {
  emulator_.set_faults(R"({"kind":"reset_after","operation":"PutLogEvents","probability":0.3})");
  Program program(LOGGER, arguments(), options());
  std::this_thread::sleep_for(fault_time());
  ASSERT_TRUE(delivers(20'000));
  emulator_.clear_faults();
  stop(program);
  settle(program);
  EXPECT_GT(duplicates(), 0);
}

TEST_F(ShippingTest, tokens_expire) {
  emulator_.set_account(R"({"credentials_lifetime_s":2})");
  StartOptions as_instance;
  as_instance.environment = emulator_.instance_environment();
  Program program(LOGGER, arguments(), as_instance);
  ASSERT_TRUE(eventually(60s, [&] { return emulator_.count({"credentials_issued"}) >= 3; }));
  emulator_.control("POST", "expire-credentials");
  std::this_thread::sleep_for(fault_time());
  ASSERT_TRUE(delivers(5'000));
  stop(program);
  settle(program);
  EXPECT_EQ(duplicates(), 0);
  EXPECT_EQ(program.out(), "");
}

TEST_F(ShippingTest, the_service_is_killed_in_the_middle_of_an_outage) {
  Program program(LOGGER, arguments(), options());
  ASSERT_TRUE(delivers());
  emulator_.set_faults(R"({"kind":"reset_before","service":"logs"})");
  ASSERT_TRUE(logs_more(10'000));
  kill(counts_->service_pid.load(), SIGKILL);
  EXPECT_EQ(program.exit_status(60s), 128 + SIGKILL);
  const Account account = settle(program);
  EXPECT_FALSE(account.printed.empty()) << "the last resort";
  EXPECT_NE(program.out().find("entries that CloudWatch Logs did not take"), std::string::npos);
}

TEST_F(ShippingTest, the_keeper_is_killed_in_the_middle_of_an_outage) {
  Program program(LOGGER, arguments(), options());
  ASSERT_TRUE(delivers());
  emulator_.set_faults(R"({"kind":"reset_before","service":"logs"})");
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(logs_more(20'000));
    const pid_t keeper = program.keeper_pid();
    ASSERT_GT(keeper, 0);
    kill(keeper, SIGKILL);
    ASSERT_TRUE(eventually(60s, [&] {
      const pid_t now = program.keeper_pid();
      return now > 0 && now != keeper;
    }));
  }
  emulator_.clear_faults();
  ASSERT_TRUE(delivers(10'000));
  stop(program);
  settle(program);
  EXPECT_EQ(duplicates(), 0) << "no answer was lost";
}

TEST_F(ShippingTest, a_stop_in_the_middle_of_a_backoff_still_sends) {
  Program program(LOGGER, arguments(), options());
  ASSERT_TRUE(delivers());
  emulator_.set_faults(R"({"kind":"error","service":"logs","status":503})");
  ASSERT_TRUE(eventually(60s, [&] {
    const std::string health = http(program.admin_port(), "/health").body;
    return json_number(health, "retries").value_or(0) >= 4;
  }));
  emulator_.clear_faults();
  stop(program);
  const Account account = settle(program);
  EXPECT_TRUE(account.printed.empty()) << program.out().substr(0, 500);
}

TEST_F(ShippingTest, access_denied_prints_json_and_warns) {
  emulator_.set_account(R"({"deny":["logs:*"]})");
  Program program(LOGGER, arguments(), options());
  ASSERT_TRUE(eventually(60s, [&] {
    return program.out().find("\"n\":500,") != std::string::npos ||
           program.out().find("\"n\":500}") != std::string::npos;
  }));
  const std::string health = http(program.admin_port(), "/health").body;
  EXPECT_NE(health.find("the log is printed on stdout, CloudWatch Logs does not get it: "),
            std::string::npos)
      << health;
  EXPECT_NE(health.find("not authorized to perform"), std::string::npos) << health;
  stop(program);
  settle(program);
}

// In its long form ten times as long as the others: the bound is reached, and the ledger used.
TEST_F(ShippingTest, an_endless_outage_keeps_memory_within_its_bound) {
  constexpr double kBoundMb = 64 + 16;
  const test::Emulator cloud({"--keep-matching", "dropped "});
  cloud.set_faults(R"({"kind":"reset_before","service":"logs"})");
  StartOptions to_cloud;
  to_cloud.environment = cloud.environment();
  Program program(LOGGER, arguments(10'000), to_cloud);
  const pid_t keeper = program.keeper_pid();
  ASSERT_GT(keeper, 0);
  const bool is_long = getenv("OUTRIGGER_TEST_FAULT_SECONDS") != nullptr;
  std::this_thread::sleep_for(fault_time() * (is_long ? 10 : 1));
  cloud.clear_faults();
  ASSERT_TRUE(eventually(120s, [&] {
    return json_number(http(program.admin_port(), "/health").body, "pending").value_or(1'000'000) <
           50'000;
  }));
  // Of the outage and of what comes after it, when all that was kept is unpacked and sent.
  const std::string status = read_file("/proc/" + std::to_string(keeper) + "/status");
  const size_t at = status.find("VmHWM:");
  ASSERT_NE(at, std::string::npos);
  const double largest_mb = strtod(status.c_str() + at + 6, nullptr) / 1024;
  EXPECT_LE(largest_mb, kBoundMb);
  stop(program);
  int64_t told = 0;
  for_each_line(cloud.messages(), [&](std::string_view line) {
    if (json_text(line, "message").starts_with("dropped "))
      told += json_number(line, "count").value_or(0);
  });
  int64_t printed = 0;
  for_each_line(program.out(),
                [&](std::string_view line) { printed += json_number(line, "seq") ? 1 : 0; });
  const int64_t distinct = cloud.count({"logs", "keys", "distinct"});
  const auto emitted = static_cast<int64_t>(returned());
  std::cout << "emitted " << emitted << ", delivered " << distinct
            << " (with the service's own), told " << told << ", printed " << printed << ", keeper "
            << largest_mb << " MB\n";
  EXPECT_GE(distinct + told + printed, emitted);
  EXPECT_LE(distinct + told + printed, emitted + 100) << "its own entries, those of the keeper";
  EXPECT_EQ(cloud.violations(), 0);
}

TEST_F(ShippingTest, an_error_entry_sets_off_the_metric_filter) {
  Program program(LOGGER, arguments(), options());
  ASSERT_TRUE(delivers());
  // Who is killed leaves a FATAL entry behind.
  kill(counts_->service_pid.load(), SIGKILL);
  EXPECT_EQ(program.exit_status(60s), 128 + SIGKILL);
  const auto alarm = emulator::Pattern::parse("{ $.level = \"ERROR\" || $.level = \"FATAL\" }");
  ASSERT_TRUE(alarm.ok());
  std::vector<std::string> matched;
  for_each_line(emulator_.messages(), [&](std::string_view line) {
    if (alarm->matches(line)) matched.emplace_back(line);
  });
  ASSERT_EQ(matched.size(), 1u);
  EXPECT_NE(matched[0].find("service ended: killed by signal 9"), std::string::npos) << matched[0];
  settle(program);
}

}  // namespace
}  // namespace outrigger::whole
