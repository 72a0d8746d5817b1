// Every limit of PutLogEvents, one below it, at it, and one above it: a byte, an event, a
// millisecond. What ships a keeper's lines is all here, from the spool to the put over TLS; the
// other end is the strict emulator, which would note a violation. Times are exact because its clock
// stands still.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "../../unit/keeper/eventually.h"
#include "../../unit/keeper/lines_for_shipping.h"
#include "aws/logs.h"
#include "base/clock.h"
#include "base/fd.h"
#include "emulator.h"
#include "keeper/cloudwatch.h"
#include "keeper/shipper.h"
#include "signed_call.h"

namespace outrigger::keeper {
namespace {

constexpr int64_t kHourMs = 3'600'000;
constexpr int64_t kDayMs = 24 * kHourMs;
constexpr size_t kEventMax = aws::logs::kEventBytesMax;

// A line whose event has so many bytes: it has its end besides.
std::string event_of(size_t bytes, int64_t ms, uint64_t sequence = 0) {
  return line_of(bytes + 1, ms, sequence);
}
// The shortest that has a time and a level; so many of them are no megabyte.
std::string short_line(int64_t ms) {
  const std::string line = line_at(ms, 0);
  return line.substr(0, line.find(",\"message\"")) + "}\n";
}
std::string repeated(const std::string& line, size_t times) {
  std::string lines;
  lines.reserve(line.size() * times);
  for (size_t i = 0; i < times; ++i) lines += line;
  return lines;
}
std::string at_times(std::initializer_list<int64_t> times) {
  std::string lines;
  uint64_t sequence = 0;
  for (const int64_t ms : times) lines += line_at(ms, sequence++);
  return lines;
}

struct Expected {
  int64_t puts = 1;
  int64_t taken = 0;
  int64_t too_old = 0;
  int64_t too_new = 0;
  int64_t expired = 0;
  int64_t truncated = 0;
};
struct Case {
  const char* name;
  // Lines that are there at once. `now_ms` is the emulator's.
  std::function<std::string(int64_t now_ms)> lines;
  Expected expected;
  int retention_days = 0;  // of a group that is there already; 0: the keeper makes it
};
std::ostream& operator<<(std::ostream& out, const Case& one) { return out << one.name; }

class ShippingLimits : public testing::TestWithParam<Case> {
 protected:
  ShippingLimits() { EXPECT_EQ(ftruncate(fd_.get(), kSpoolFileBytes), 0); }

  void make_group(int retention_days) {
    const std::string group = "{\"logGroupName\":\"" + group_ + "\"";
    test::logs_call(emulator_, "CreateLogGroup", group + "}");
    test::logs_call(emulator_, "PutRetentionPolicy",
                    group + ",\"retentionInDays\":" + std::to_string(retention_days) + "}");
  }
  void start() {
    auto opened = Spool::open(fd_.get(), 5);
    ASSERT_TRUE(opened.ok());
    spool_ = std::move(*opened);
    ASSERT_TRUE(spool_->consume(Spool::Consumers::kShipping).ok());
    Shipper::Options options;
    // Sent as soon as it is seen: all lines of a case are committed at once.
    options.flush_after_ns = base::kNsPerMs;
    options.name = "limits";
    CloudWatchSource source;
    source.service = "limits";
    source.environment = "test";
    source.instance = "here";
    shipper_ =
        std::make_unique<Shipper>(spool_, cloudwatch(std::move(source), access_, nullptr), options);
  }
  void log(std::string_view lines) {
    ASSERT_GE(spool_->room(), lines.size());
    while (!lines.empty()) {
      const size_t bytes = lines.find('\n') + 1;
      memcpy(spool_->draft(), lines.data(), bytes);
      spool_->add(bytes);
      lines.remove_prefix(bytes);
    }
    spool_->commit();
  }
  uint64_t ledger(Loss loss) const {
    uint64_t sum = 0;
    for (const auto& calls : spool_->ship_memory()->ledger[static_cast<size_t>(loss)].calls)
      sum += calls.load();
    return sum;
  }

  test::Emulator emulator_;
  const std::string group_ = "/outrigger/limits/test";
  const std::shared_ptr<discovery::Access> access_ =
      std::make_shared<discovery::Access>(test::variables_of(emulator_.environment()));
  base::Fd fd_{memfd_create("spool", MFD_CLOEXEC)};
  std::shared_ptr<Spool> spool_;
  std::unique_ptr<Shipper> shipper_;
};

TEST_P(ShippingLimits, is_kept) {
  const Case& one = GetParam();
  if (one.retention_days != 0) make_group(one.retention_days);
  start();
  const int64_t now_ms = base::real_ns() / base::kNsPerMs;
  emulator_.control("PUT", "clock", "{\"stop_at_ms\":" + std::to_string(now_ms) + "}");
  log(one.lines(now_ms));
  ASSERT_TRUE(eventually([&] { return shipper_->report().pending == 0; }, 60))
      << shipper_->report().last_error << emulator_.report().substr(0, 2'000);
  const Expected& expected = one.expected;
  EXPECT_EQ(emulator_.violations(), 0) << emulator_.report().substr(0, 2'000);
  EXPECT_EQ(emulator_.count({"logs", "failed_puts"}), 0);
  EXPECT_EQ(emulator_.count({"logs", "puts"}), expected.puts);
  EXPECT_EQ(emulator_.count({"logs", "events"}), expected.taken);
  EXPECT_EQ(emulator_.count({"logs", "rejected", "too_old"}), expected.too_old);
  EXPECT_EQ(emulator_.count({"logs", "rejected", "too_new"}), expected.too_new);
  EXPECT_EQ(emulator_.count({"logs", "rejected", "expired"}), expected.expired);
  const ShipReport report = shipper_->report();
  EXPECT_EQ(report.delivered, static_cast<uint64_t>(expected.taken));
  EXPECT_EQ(ledger(Loss::kTooOld), static_cast<uint64_t>(expected.too_old));
  EXPECT_EQ(ledger(Loss::kTooNew), static_cast<uint64_t>(expected.too_new));
  EXPECT_EQ(ledger(Loss::kExpired), static_cast<uint64_t>(expected.expired));
  EXPECT_EQ(report.dropped,
            static_cast<uint64_t>(expected.too_old + expected.too_new + expected.expired));
  int64_t truncated = 0;
  for (const std::string& line : lines_of(emulator_.messages()))
    truncated += line.find("[truncated ") != std::string::npos ? 1 : 0;
  EXPECT_EQ(truncated, expected.truncated);
}

// 1,024 events of 998 bytes and 26 each are 1,048,576.
constexpr size_t kEventsOfFull = 1'024, kBytesOfFull = 998;
std::string full_but_for_the_last(int64_t ms) {
  return repeated(event_of(kBytesOfFull, ms), kEventsOfFull - 1);
}

const Case kCases[] = {
    {"event_of_one_byte_less_than_the_most",
     [](int64_t now) { return event_of(kEventMax - 1, now); },
     {.taken = 1}},
    {"event_of_the_most_bytes", [](int64_t now) { return event_of(kEventMax, now); }, {.taken = 1}},
    {"event_of_one_byte_too_many",
     [](int64_t now) { return event_of(kEventMax + 1, now); },
     {.taken = 1, .truncated = 1}},
    {"event_of_the_longest_entry",
     [](int64_t now) { return event_of(kEntryBytesMax - 1, now); },
     {.taken = 1, .truncated = 1}},
    {"batch_one_byte_short_of_full",
     [](int64_t now) { return full_but_for_the_last(now) + event_of(kBytesOfFull - 1, now); },
     {.taken = kEventsOfFull}},
    {"batch_full_to_the_byte",
     [](int64_t now) { return full_but_for_the_last(now) + event_of(kBytesOfFull, now); },
     {.taken = kEventsOfFull}},
    {"batch_with_one_byte_too_many",
     [](int64_t now) { return full_but_for_the_last(now) + event_of(kBytesOfFull + 1, now); },
     {.puts = 2, .taken = kEventsOfFull}},
    {"batch_of_one_event_less_than_the_most",
     [](int64_t now) { return repeated(short_line(now), aws::logs::kBatchEventsMax - 1); },
     {.taken = aws::logs::kBatchEventsMax - 1}},
    {"batch_of_the_most_events",
     [](int64_t now) { return repeated(short_line(now), aws::logs::kBatchEventsMax); },
     {.taken = aws::logs::kBatchEventsMax}},
    {"batch_of_one_event_too_many",
     [](int64_t now) { return repeated(short_line(now), aws::logs::kBatchEventsMax + 1); },
     {.puts = 2, .taken = aws::logs::kBatchEventsMax + 1}},
    {"span_one_millisecond_short_of_a_day",
     [](int64_t now) {
       return at_times({now - kDayMs + 1, now});
     },
     {.taken = 2}},
    {"span_of_a_day",
     [](int64_t now) {
       return at_times({now - kDayMs, now});
     },
     {.taken = 2}},
    {"span_one_millisecond_longer_than_a_day",
     [](int64_t now) {
       return at_times({now - kDayMs - 1, now});
     },
     {.puts = 2, .taken = 2}},
    {"span_backwards",
     [](int64_t now) {
       return at_times({now, now - kDayMs});
     },
     {.taken = 2}},
    {"span_backwards_one_millisecond_too_long",
     [](int64_t now) {
       return at_times({now, now - kDayMs - 1});
     },
     {.puts = 2, .taken = 2}},
    {"order_by_one_millisecond",
     [](int64_t now) {
       return at_times({now, now - 1, now + 1, now, now - 1});
     },
     {.taken = 5}},
    {"older_than_14_days_by_one_millisecond",
     [](int64_t now) {
       const int64_t oldest = now - 14 * kDayMs;
       return at_times({oldest - 1, oldest, oldest + 1});
     },
     {.taken = 2, .too_old = 1}},
    {"ahead_of_2_hours_by_one_millisecond",
     [](int64_t now) {
       const int64_t newest = now + 2 * kHourMs;
       return at_times({newest - 1, newest, newest + 1});
     },
     {.taken = 2, .too_new = 1}},
    {"older_than_a_retention_of_a_day_by_one_millisecond",
     [](int64_t now) {
       const int64_t oldest = now - kDayMs;
       return at_times({oldest - 1, oldest, oldest + 1});
     },
     {.taken = 2, .expired = 1},
     1},
    {"each_reason_for_itself",
     [](int64_t now) {
       return at_times({now - 14 * kDayMs - 2, now - 14 * kDayMs - 1, now - kDayMs - 3,
                        now - kDayMs - 2, now - kDayMs - 1, now, now + 2 * kHourMs + 1});
     },
     // Batches end before a span of a day does.
     {.puts = 3, .taken = 1, .too_old = 2, .too_new = 1, .expired = 3},
     1},
};

INSTANTIATE_TEST_SUITE_P(Each, ShippingLimits, testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace outrigger::keeper
