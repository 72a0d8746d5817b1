// Shipping against a CloudWatch of the test's own, which answers as each test says: what was
// committed is delivered, printed or in the ledger, exactly.
#include "keeper/shipper.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <map>
#include <set>

#include "base/clock.h"
#include "eventually.h"
#include "lines_for_shipping.h"

namespace outrigger::keeper {
namespace {

using Kind = PutOutcome::Kind;

// What the fake has taken; outlives shippers.
struct Cloud {
  std::mutex mutex;
  std::map<uint64_t, int> taken;  // sequence -> times
  std::map<std::string, int> bodies;
  uint64_t puts = 0;
  std::function<PutOutcome(uint64_t put, std::string_view body)> answer;
  std::function<void()> before_put;  // called without the lock
  std::function<void()> before_prepare;
  bool takes_though_it_says_retry = false;
  std::atomic<bool> cancelled{false};

  size_t distinct() {
    const std::lock_guard lock(mutex);
    return taken.size();
  }
};

class FakeAws final : public Destination {
 public:
  explicit FakeAws(Cloud& cloud) : cloud_(cloud) {}
  PutOutcome prepare() override {
    if (cloud_.before_prepare) cloud_.before_prepare();
    return {};
  }
  std::string_view group() const override { return "/g"; }
  std::string_view stream() const override { return "s"; }
  void cancel() override { cloud_.cancelled = true; }
  PutOutcome put(std::string_view body, Coding, Patience) override {
    if (cloud_.before_put) cloud_.before_put();
    const std::lock_guard lock(cloud_.mutex);
    ++cloud_.bodies[std::string(body)];
    PutOutcome outcome;
    if (cloud_.answer) outcome = cloud_.answer(cloud_.puts, body);
    ++cloud_.puts;
    if (outcome.kind != Kind::kTaken && !cloud_.takes_though_it_says_retry) return outcome;
    const auto parsed = boost::json::parse({body.data(), body.size()});
    for (const auto& event : parsed.at("logEvents").as_array()) {
      const std::string message(event.at("message").as_string());
      ++cloud_.taken[std::stoull(message.substr(message.find("\"seq\":") + 6))];
    }
    return outcome;
  }

 private:
  Cloud& cloud_;
};

class ShipperTest : public testing::Test {
 protected:
  ShipperTest() {
    EXPECT_EQ(ftruncate(fd_.get(), kSpoolFileBytes), 0);
    open();
  }
  ~ShipperTest() override { shipper_.reset(); }

  void open() {
    auto opened = Spool::open(fd_.get(), 5);
    ASSERT_TRUE(opened.ok());
    spool_ = std::move(*opened);
    ASSERT_TRUE(spool_->consume(Spool::Consumers::kShipping).ok());
    Shipper::Options options;
    options.coding = Coding::kPlain;
    options.print_to = printed_.get();
    options.flush_after_ns = base::kNsPerMs;
    options.backlog_bytes_max = backlog_bytes_;
    shipper_ = std::make_unique<Shipper>(spool_, std::make_unique<FakeAws>(cloud_), options);
  }
  // As if the keeper was killed: what lies in memory alone is gone.
  void fall() {
    shipper_.reset();
    spool_.reset();
    cloud_.cancelled = false;
  }
  // False when there was no room: the drain would leave it in its ring.
  bool log(std::string_view level = "INFO", std::string_view message = "m") {
    const std::string line =
        line_at(kNoonMs + static_cast<int64_t>(logged_), logged_, message, level);
    if (spool_->room() < line.size()) return false;
    memcpy(spool_->draft(), line.data(), line.size());
    spool_->add(line.size());
    ++logged_;
    return true;
  }
  void log_and_wait(size_t count, std::string_view message = "m") {
    for (size_t i = 0; i < count; ++i) {
      ASSERT_TRUE(eventually([&] { return log("INFO", message); }, 60));
      if (i % 500 == 499) spool_->commit();
    }
    spool_->commit();
  }
  bool all_delivered() {
    return eventually([&] { return shipper_->report().pending == 0; }, 60);
  }
  uint64_t ledger() const {
    uint64_t sum = 0;
    for (const LedgerPage& page : spool_->ship_memory()->ledger) {
      for (const auto& calls : page.calls) sum += calls.load();
    }
    return sum;
  }
  std::string printed() const {
    std::string text(static_cast<size_t>(lseek(printed_.get(), 0, SEEK_END)), '\0');
    EXPECT_EQ(pread(printed_.get(), text.data(), text.size(), 0),
              static_cast<ssize_t>(text.size()));
    return text;
  }
  std::set<uint64_t> printed_numbers() const {
    std::set<uint64_t> numbers;
    for (const std::string& line : lines_of(printed())) {
      const size_t at = line.find("\"seq\":");
      if (at != std::string::npos) numbers.insert(std::stoull(line.substr(at + 6)));
    }
    return numbers;
  }
  void answer_with(std::function<PutOutcome(uint64_t, std::string_view)> answer) {
    const std::lock_guard lock(cloud_.mutex);
    cloud_.answer = std::move(answer);
  }

  base::Fd fd_{memfd_create("spool", MFD_CLOEXEC)};
  base::Fd printed_{memfd_create("printed", MFD_CLOEXEC)};
  size_t backlog_bytes_ = kCells * kCellBytes;
  Cloud cloud_;
  std::shared_ptr<Spool> spool_;
  std::unique_ptr<Shipper> shipper_;
  uint64_t logged_ = 0;
};

const PutOutcome kRetry{Kind::kRetry, {}, "no answer"};

TEST_F(ShipperTest, all_is_delivered_once) {
  log_and_wait(50'000);
  ASSERT_TRUE(all_delivered());
  EXPECT_EQ(cloud_.distinct(), 50'000u);
  for (const auto& [sequence, times] : cloud_.taken) ASSERT_EQ(times, 1) << sequence;
  EXPECT_EQ(shipper_->report().delivered, 50'000u);
}

TEST_F(ShipperTest, an_outage_longer_than_the_spool_loses_nothing) {
  answer_with([](uint64_t, std::string_view) { return kRetry; });
  log_and_wait(40'000, std::string(1'000, 'x'));  // some 45 MB
  EXPECT_EQ(cloud_.distinct(), 0u);
  EXPECT_GT(shipper_->report().backlog_bytes, 0u);
  answer_with(nullptr);
  shipper_->hurry();
  ASSERT_TRUE(all_delivered());
  EXPECT_EQ(cloud_.distinct(), 40'000u);
  EXPECT_EQ(ledger(), 0u);
  for (const auto& [sequence, times] : cloud_.taken) ASSERT_EQ(times, 1) << sequence;
}

TEST_F(ShipperTest, nothing_is_held_up_while_it_is_found_out_where_to_send) {
  fall();
  std::atomic<bool> found{false};
  cloud_.before_prepare = [&] {
    while (!found) usleep(1000);
  };
  open();
  log_and_wait(40'000, std::string(1'000, 'x'));  // far more than the spool holds
  EXPECT_EQ(cloud_.puts, 0u);
  found = true;
  ASSERT_TRUE(all_delivered());
  EXPECT_EQ(ledger(), 0u);
  for (const auto& [sequence, times] : cloud_.taken) ASSERT_EQ(times, 1) << sequence;
}

TEST_F(ShipperTest, a_full_backlog_drops_into_the_ledger_exactly_and_keeps_errors) {
  fall();
  backlog_bytes_ = 512 << 10;
  answer_with([](uint64_t, std::string_view) { return kRetry; });
  open();
  const std::string message(1'000, 'x');
  uint64_t errors = 0;
  for (size_t i = 0; i < 40'000; ++i) {
    const bool bad = i % 200 == 0;
    errors += bad ? 1 : 0;
    ASSERT_TRUE(eventually([&] { return log(bad ? "ERROR" : "INFO", message); }, 60));
    if (i % 500 == 499) spool_->commit();
  }
  spool_->commit();
  answer_with(nullptr);
  shipper_->hurry();
  ASSERT_TRUE(all_delivered());
  EXPECT_GT(ledger(), 0u);
  EXPECT_EQ(cloud_.distinct() + ledger(), logged_);
  EXPECT_EQ(spool_->ship_memory()->ledger[0].calls[4].load(), 0u) << "no ERROR was dropped";
  for (uint64_t i = 0; i < logged_; i += 200) EXPECT_EQ(cloud_.taken.count(i), 1u) << i;
}

TEST_F(ShipperTest, a_lost_answer_makes_duplicates_of_a_batch_unchanged) {
  cloud_.takes_though_it_says_retry = true;
  answer_with([](uint64_t put, std::string_view) { return put < 2 ? kRetry : PutOutcome{}; });
  log_and_wait(1'000);
  ASSERT_TRUE(all_delivered());
  EXPECT_EQ(cloud_.distinct(), 1'000u);
  int repeated = 0;
  for (const auto& [body, times] : cloud_.bodies) repeated += times > 1 ? 1 : 0;
  EXPECT_GE(repeated, 1) << "the very same bytes came again";
  for (const auto& [sequence, times] : cloud_.taken) ASSERT_LE(times, 3);
}

TEST_F(ShipperTest, a_successor_goes_on_in_the_middle_of_an_outage) {
  answer_with([](uint64_t, std::string_view) { return kRetry; });
  log_and_wait(20'000, std::string(1'000, 'x'));
  for (int fallen = 0; fallen < 3; ++fallen) {
    fall();
    open();
    log_and_wait(2'000, std::string(1'000, 'x'));
  }
  fall();
  answer_with(nullptr);
  open();
  ASSERT_TRUE(all_delivered());
  EXPECT_EQ(cloud_.distinct() + ledger(), logged_);
  EXPECT_EQ(ledger(), 0u);
}

TEST_F(ShipperTest, what_is_taken_out_of_turn_is_not_sent_again_by_a_successor) {
  // The first batch is never taken; of the others one is.
  std::string first;
  bool taken = false;
  answer_with([&](uint64_t put, std::string_view body) {
    if (put == 0) first = body;
    if (body == first || taken) return kRetry;
    taken = true;
    return PutOutcome{};
  });
  log_and_wait(20'000, std::string(100, 'x'));
  ASSERT_TRUE(eventually([&] { return shipper_->report().delivered > 0; }, 60));
  fall();
  answer_with(nullptr);
  open();
  ASSERT_TRUE(all_delivered());
  EXPECT_EQ(cloud_.distinct(), 20'000u);
  for (const auto& [sequence, times] : cloud_.taken) ASSERT_EQ(times, 1) << sequence;
}

TEST_F(ShipperTest, many_puts_may_overtake_a_slow_one) {
  std::atomic<bool> goes_on{false};
  std::atomic<int> puts{0};
  {
    const std::lock_guard lock(cloud_.mutex);
    cloud_.before_put = [&] {
      if (puts++ == 1) {  // the first goes alone
        while (!goes_on) usleep(1000);
      }
    };
  }
  for (int i = 0; i < 200; ++i) {
    log_and_wait(10);
    usleep(2'000);
  }
  goes_on = true;
  ASSERT_TRUE(all_delivered());
  EXPECT_TRUE(eventually([&] { return spool_->ship_mark() == spool_->committed(); }, 60));
  EXPECT_EQ(cloud_.distinct(), 2'000u);
  for (const auto& [sequence, times] : cloud_.taken) ASSERT_EQ(times, 1) << sequence;
}

TEST_F(ShipperTest, one_invalid_entry_is_found_and_the_rest_taken) {
  answer_with([](uint64_t, std::string_view body) {
    return body.find("\\\"seq\\\":777}") == std::string_view::npos
               ? PutOutcome{}
               : PutOutcome{Kind::kInvalid, {}, "an event is invalid"};
  });
  log_and_wait(2'000);
  ASSERT_TRUE(all_delivered());
  EXPECT_EQ(cloud_.distinct(), 1'999u);
  EXPECT_EQ(spool_->ship_memory()->ledger[static_cast<size_t>(Loss::kInvalid)].calls[2].load(), 1u);
}

TEST_F(ShipperTest, an_entry_found_invalid_after_its_batch_was_put_away_is_found_too) {
  std::atomic<bool> goes_on{false};
  {
    const std::lock_guard lock(cloud_.mutex);
    cloud_.before_put = [&] {
      while (!goes_on) usleep(1000);
    };
  }
  answer_with([](uint64_t, std::string_view body) {
    return body.find("\\\"seq\\\":777}") == std::string_view::npos
               ? PutOutcome{}
               : PutOutcome{Kind::kInvalid, {}, "an event is invalid"};
  });
  log_and_wait(10'000, std::string(1'000, 'x'));  // more than the spool's 8 MB hold
  ASSERT_TRUE(eventually([&] { return shipper_->report().backlog_bytes > 0; }, 60));
  goes_on = true;
  ASSERT_TRUE(all_delivered());
  EXPECT_EQ(cloud_.distinct(), 9'999u);
  EXPECT_EQ(ledger(), 1u);
}

TEST_F(ShipperTest, rejected_entries_are_counted_by_reason) {
  answer_with([](uint64_t put, std::string_view) {
    PutOutcome outcome;
    if (put == 0) outcome.rejected = {.too_new_start = -1, .too_old_end = 3, .expired_end = 5};
    return outcome;
  });
  log_and_wait(100);
  ASSERT_TRUE(all_delivered());
  EXPECT_EQ(spool_->ship_memory()->ledger[static_cast<size_t>(Loss::kTooOld)].calls[2].load(), 3u);
  EXPECT_EQ(spool_->ship_memory()->ledger[static_cast<size_t>(Loss::kExpired)].calls[2].load(), 2u);
  EXPECT_EQ(shipper_->report().delivered, 95u);
}

TEST_F(ShipperTest, the_end_prints_what_could_not_be_sent_and_counts_it) {
  answer_with([](uint64_t, std::string_view) { return kRetry; });
  log_and_wait(20'000, std::string(1'000, 'x'));
  shipper_->finish(base::monotonic_ns() + base::kNsPerSecond);
  ASSERT_TRUE(eventually([&] { return shipper_->finished(); }, 60));
  EXPECT_EQ(printed_numbers().size() + ledger(), 20'000u);
  const std::string text = printed();
  EXPECT_NE(text.find("printed " + std::to_string(printed_numbers().size()) + " entries"),
            std::string::npos);
  EXPECT_EQ(text.substr(text.rfind('\n', text.size() - 2)).find("\n{\"time\""), 0u);
}

TEST_F(ShipperTest, the_end_sends_out_of_the_middle_of_a_backoff) {
  answer_with([](uint64_t, std::string_view) { return kRetry; });
  log_and_wait(1'000);
  // Several failures: the next try is seconds away.
  ASSERT_TRUE(eventually([&] { return shipper_->report().retries >= 4; }, 60));
  answer_with(nullptr);
  shipper_->finish(base::monotonic_ns() + 60 * base::kNsPerSecond);
  ASSERT_TRUE(eventually([&] { return shipper_->finished(); }, 60));
  EXPECT_EQ(cloud_.distinct(), 1'000u);
  EXPECT_EQ(printed(), "");
}

TEST_F(ShipperTest, where_it_is_denied_all_is_printed) {
  answer_with([](uint64_t, std::string_view) {
    return PutOutcome{Kind::kDenied, {}, "not authorized to perform logs:PutLogEvents"};
  });
  log_and_wait(5'000);
  ASSERT_TRUE(eventually([&] { return printed_numbers().size() == 5'000; }, 60));
  const ShipReport report = shipper_->report();
  EXPECT_TRUE(report.denied);
  EXPECT_EQ(report.printed, 5'000u);
  EXPECT_NE(report.last_error.find("logs:PutLogEvents"), std::string::npos);
}

}  // namespace
}  // namespace outrigger::keeper
