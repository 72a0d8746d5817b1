// CloudWatch Logs, JSON 1.1.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/client.h"

namespace outrigger::aws::logs {

// --- Limits of PutLogEvents (.../API_PutLogEvents.html) ----------------------------------------
// A batch: the sum of all messages' UTF-8 bytes, and kEventOverheadBytes for each of them.
inline constexpr std::size_t kBatchBytesMax = 1'048'576;
inline constexpr std::size_t kEventOverheadBytes = 26;
inline constexpr std::size_t kBatchEventsMax = 10'000;
// One event's message (the page says 1 MB): what fills a batch alone.
inline constexpr std::size_t kEventBytesMax = kBatchBytesMax - kEventOverheadBytes;
// Between the oldest and the newest valid event of a batch.
inline constexpr std::chrono::hours kBatchSpanMax{24};
// Outside of these an event is rejected, the others of its batch are taken.
inline constexpr std::chrono::hours kEventFutureMax{2};
inline constexpr std::chrono::hours kEventAgeMax{14 * 24};

// --- Quotas, an account and Region (.../cloudwatch_limits_cwl.html) ----------------------------
inline constexpr int kPutsPerSecond = 5'000;
inline constexpr int kCreateStreamsPerSecond = 50;
inline constexpr int kCreateGroupsPerSecond = 10;
inline constexpr int kPutRetentionsPerSecond = 5;
inline constexpr int kDescribeStreamsPerSecond = 25;

// Names: up to 512 characters. A group's: letters, digits, _ - / . #; a stream's: all but : and *.
inline constexpr std::size_t kNameBytesMax = 512;

// --- PutLogEvents ------------------------------------------------------------------------------
// The body is put together by its caller, in the order of the events' times:
//   begin_body(group, stream, body); append_event(ms, message, body)...; end_body(body);
void begin_body(std::string_view group, std::string_view stream, std::string& body);
// `message` is escaped here; bytes that are not UTF-8 become U+FFFD.
void append_event(int64_t unix_ms, std::string_view message, std::string& body);
void end_body(std::string& body);

enum class Encoding { kPlain, kGzip };  // of the bytes given as `body`

// Indexes into the batch, not counts: [0, too_old_end), [0, expired_end), [too_new_start, end).
// Values are as they came: whoever uses them holds them against the batch's size.
struct Rejected {
  std::optional<int64_t> too_new_start;
  std::optional<int64_t> too_old_end;
  std::optional<int64_t> expired_end;  // older than the group's retention

  bool any() const { return too_new_start || too_old_end || expired_end; }
};

struct PutOptions {
  Encoding encoding = Encoding::kPlain;
  std::chrono::milliseconds timeout{10'000};  // of one attempt
  int attempts = kAttempts;
};
// Failures worth knowing: "ResourceNotFoundException" (create, then send again),
// "InvalidParameterException" (this batch can never be taken).
Outcome<Rejected> put_log_events(Client& client, std::string_view body, const PutOptions& options,
                                 const http::Cancel* cancel);

// --- The rest ----------------------------------------------------------------------------------
// What exists already is a success.
Outcome<Done> create_log_group(Client& client, std::string_view group, const http::Cancel* cancel);
Outcome<Done> create_log_stream(Client& client, std::string_view group, std::string_view stream,
                                const http::Cancel* cancel);

// Days that PutRetentionPolicy takes; any other is rejected by AWS.
Outcome<Done> put_retention_policy(Client& client, std::string_view group, int days,
                                   const http::Cancel* cancel);

struct LogStream {
  std::string name;
  int64_t created_ms = 0;  // 0: the answer does not say
  int64_t last_event_ms = 0;
};
// All pages of those whose names begin with `prefix`, up to `count_max`.
Outcome<std::vector<LogStream>> describe_log_streams(Client& client, std::string_view group,
                                                     std::string_view prefix, std::size_t count_max,
                                                     const http::Cancel* cancel);

}  // namespace outrigger::aws::logs
