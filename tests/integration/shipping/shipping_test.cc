// emitted = delivered + in the ledger + printed, exactly, whatever befalls: a real service, a real
// keeper, TLS, the strict emulator.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "emulator.h"
#include "harness.h"
#include "logged.h"
#include "signed_call.h"

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
            "127.0.0.1:" + std::to_string(service_port_),
            "--admin",
            "127.0.0.1:0"};
  }
  bool delivers(int64_t more = 1'000) {
    const int64_t before = emulator_.count({"logs", "keys", "distinct"});
    return eventually(60s, [&] {
      return emulator_.count({"logs", "keys", "distinct"}) >= before + more;
    });
  }
  bool serves() const {
    return eventually(60s, [&] { return http(service_port_, "/ping").status == 200; });
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
  const int service_port_ = free_port();  // what it logs goes elsewhere
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

// Far more than the spool and the rings hold, from the first moment on, while nobody knows yet where
// it is to go. A ring holds half a second of it.
TEST_F(ShippingTest, much_is_logged_while_it_is_found_out_where_to_send_and_nothing_is_dropped) {
  emulator_.set_faults(R"({"kind":"swallow","service":"imds","count":2})");
  StartOptions as_instance;
  as_instance.environment = emulator_.instance_environment();
  Program program(LOGGER, arguments(25'000), as_instance);
  ASSERT_TRUE(delivers(100'000)) << http(program.admin_port(), "/health").body;
  stop(program);
  EXPECT_EQ(settle(program).dropped, 0);
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

// Asks the service for something until it goes, and counts what came.
class Client {
 public:
  explicit Client(int port)
      : thread_([this, port](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            http(port, "/ping").status == 200 ? ++answered_ : ++failed_;
            std::this_thread::sleep_for(5ms);
          }
        }) {}
  int answered() const { return answered_; }
  int failed() const { return failed_; }

 private:
  std::atomic<int> answered_{0};
  std::atomic<int> failed_{0};
  std::jthread thread_;
};

// The service feels nothing of it: no call is dropped, none sleeps, each takes the instructions
// that it took before (where the machine counts them), and every request is answered. The keeper
// stays within its bound. In its long form the outage lasts ten times as long as others: the bound
// is reached, and the ledger used.
TEST_F(ShippingTest, an_endless_outage_is_not_felt_and_keeps_memory_within_its_bound) {
  constexpr double kBoundMb = 64 + 16;
  const bool is_long = getenv("OUTRIGGER_TEST_FAULT_SECONDS") != nullptr;
  const test::Emulator cloud({"--keep-matching", "dropped "});
  StartOptions to_cloud;
  to_cloud.environment = cloud.environment();
  std::vector<std::string> words = arguments(is_long ? 10'000 : kRate);
  words.emplace_back("--cost");
  Program program(LOGGER, words, to_cloud);
  const pid_t keeper = program.keeper_pid();
  ASSERT_GT(keeper, 0);
  ASSERT_TRUE(serves());
  const Client client(service_port_);
  const auto some_cost = [&](uint32_t phase) {
    return eventually(120s, [&] { return counts_->cost_calls[phase].load() >= 10'000; });
  };
  ASSERT_TRUE(some_cost(0));
  ASSERT_TRUE(eventually(60s, [&] { return cloud.count({"logs", "events"}) > 1'000; }));
  cloud.set_faults(R"({"kind":"reset_before","service":"logs"})");
  counts_->phase.store(1);
  const int before = client.answered();
  std::this_thread::sleep_for(fault_time() * (is_long ? 10 : 1));
  ASSERT_TRUE(some_cost(1));
  ASSERT_TRUE(eventually(60s, [&] { return client.answered() >= before + 100; }));
  EXPECT_EQ(client.failed(), 0);
  EXPECT_EQ(counts_->cost_sleeps[0].load(), 0u);
  EXPECT_EQ(counts_->cost_sleeps[1].load(), 0u) << "a log call waited";
  const auto instructions = [&](int phase) {
    return static_cast<double>(counts_->cost_instructions[phase].load()) /
           static_cast<double>(counts_->cost_calls[phase].load());
  };
  // Of the calls some are those that go on behind the end of the ring.
  EXPECT_NEAR(instructions(1), instructions(0), 2);
  std::cout << "a log call: " << instructions(0) << " instructions and then " << instructions(1)
            << " (0: not counted here); ns p50/p90 " << cost_percentile(counts_, 0, 50) << "/"
            << cost_percentile(counts_, 0, 90) << ", then " << cost_percentile(counts_, 1, 50)
            << "/" << cost_percentile(counts_, 1, 90) << "; " << client.answered()
            << " requests answered\n";
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
  int64_t told = 0, told_by_ring = 0;
  for_each_line(cloud.messages(), [&](std::string_view line) {
    if (!json_text(line, "message").starts_with("dropped ")) return;
    const int64_t count = json_number(line, "count").value_or(0);
    told += count;
    if (json_text(line, "reason").empty()) told_by_ring += count;
  });
  EXPECT_EQ(told_by_ring, 0) << "a full ring: the service's calls were dropped";
  int64_t printed = 0;
  for_each_line(program.out(),
                [&](std::string_view line) { printed += json_number(line, "seq") ? 1 : 0; });
  const int64_t distinct = cloud.count({"logs", "keys", "distinct"});
  const auto emitted = static_cast<int64_t>(returned() + counts_->cost_calls[0].load() +
                                            counts_->cost_calls[1].load());
  std::cout << "emitted " << emitted << ", delivered " << distinct
            << " (with the service's own), told " << told << ", printed " << printed << ", keeper "
            << largest_mb << " MB\n";
  EXPECT_GE(distinct + told + printed, emitted);
  EXPECT_LE(distinct + told + printed, emitted + 150)
      << "its own entries, those of the keeper, the last burst whose cost is not counted";
  EXPECT_EQ(cloud.violations(), 0);
}

TEST_F(ShippingTest, an_error_entry_sets_off_the_metric_filter) {
  test::logs_call(emulator_, "CreateLogGroup", R"({"logGroupName":"/outrigger/logger/local"})");
  test::logs_call(emulator_, "PutMetricFilter",
                  R"({"logGroupName":"/outrigger/logger/local","filterName":"errors",
                      "filterPattern":"{ $.level = \"ERROR\" }",
                      "metricTransformations":[{"metricName":"Errors","metricNamespace":"logger",
                                                "metricValue":"1"}]})");
  Program program(LOGGER, arguments(), options());
  ASSERT_TRUE(delivers());
  EXPECT_EQ(emulator_.count({"logs", "filter_matches", "errors"}), 0);
  ASSERT_TRUE(serves());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(http(service_port_, "/complain", "POST").status, 200);
  EXPECT_TRUE(eventually(60s, [&] {
    return emulator_.count({"logs", "filter_matches", "errors"}) == 3;
  })) << emulator_.report().substr(0, 2'000);
  stop(program);
  settle(program);
  EXPECT_EQ(emulator_.count({"logs", "filter_matches", "errors"}), 3);
}

// How many entries the ledger's entries count whose reason begins so.
int64_t told(std::string_view messages, std::string_view reason) {
  int64_t sum = 0;
  for_each_line(messages, [&](std::string_view line) {
    if (json_text(line, "reason").starts_with(reason))
      sum += json_number(line, "count").value_or(0);
  });
  return sum;
}

// The emulator's clock stands a second before the first entry that it will take, or will not take
// any more: on either side of that millisecond there are entries, and each is counted by its reason.
TEST_F(ShippingTest, entries_rejected_by_index_are_counted_by_reason) {
  constexpr int64_t kHourMs = 3'600'000, kDayMs = 24 * kHourMs;
  Program program(LOGGER, arguments(), options());
  ASSERT_TRUE(delivers());
  const struct {
    const char* reason;
    const char* counter;
    int64_t ahead_ms;
  } cases[] = {
      {"CloudWatch Logs takes none older than 14 days", "too_old", 14 * kDayMs},
      {"older than the log group's retention", "expired", kDayMs},
      {"CloudWatch Logs takes none from more than 2 hours ahead", "too_new", -2 * kHourMs},
  };
  for (const auto& one : cases) {
    // The keeper made the group for 30 days; now somebody wants one.
    if (one.ahead_ms == kDayMs)
      test::logs_call(emulator_, "PutRetentionPolicy",
                      R"({"logGroupName":"/outrigger/logger/local","retentionInDays":1})");
    const auto rejected = [&] { return emulator_.count({"logs", "rejected", one.counter}); };
    const int64_t now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                               std::chrono::system_clock::now().time_since_epoch())
                               .count();
    emulator_.control("PUT", "clock",
                      "{\"stop_at_ms\":" + std::to_string(now_ms + 1'000 + one.ahead_ms) + "}");
    ASSERT_TRUE(eventually(60s, [&] { return rejected() > 500; }))
        << one.counter << emulator_.report().substr(0, 2'000);
    if (one.ahead_ms > 0) {
      ASSERT_TRUE(delivers(2'000)) << one.counter;
    }
    emulator_.control("PUT", "clock", R"({"offset_ms":0})");
    ASSERT_TRUE(delivers()) << one.counter;
    EXPECT_TRUE(
        eventually(60s, [&] { return told(emulator_.messages(), one.reason) == rejected(); }))
        << one.counter << ": " << rejected() << ", told " << told(emulator_.messages(), one.reason);
  }
  EXPECT_NE(http(program.admin_port(), "/health").body.find(" never came to CloudWatch Logs"),
            std::string::npos);
  stop(program);
  const Account account = settle(program);
  EXPECT_EQ(account.dropped, emulator_.count({"logs", "rejected", "too_old"}) +
                                 emulator_.count({"logs", "rejected", "expired"}) +
                                 emulator_.count({"logs", "rejected", "too_new"}));
  EXPECT_EQ(duplicates(), 0);
}

}  // namespace
}  // namespace outrigger::whole
