// CloudWatch Logs: groups, streams, PutLogEvents with all its limits, metric filters, and the exact
// account of what was taken.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api.h"
#include "keys_seen.h"
#include "pattern.h"
#include "put_log_events.h"

namespace outrigger::emulator {

// Of "PutLogEvents" in the API reference and "CloudWatch Logs quotas" in the user guide.
inline constexpr size_t kBatchBytesMax = 1'048'576;
inline constexpr size_t kBatchEventsMax = 10'000;
inline constexpr size_t kEventOverheadBytes = 26;
inline constexpr size_t kEventBytesMax = kBatchBytesMax - kEventOverheadBytes;
inline constexpr int64_t kSpanMsMax = 24LL * 3600 * 1000;
inline constexpr int64_t kTooNewMs = 2LL * 3600 * 1000;
inline constexpr int64_t kTooOldMs = 14LL * 24 * 3600 * 1000;

class Logs {
 public:
  struct Options {
    size_t keep_bytes_max = 256u << 20;  // of messages; once reached, events are counted only
    std::string keep_matching;           // keep only messages that contain it; empty: all
  };
  Logs(Account& account, Clock& clock, Violations& violations, Options options);

  Answer answer(const Call& call);

  json::object report() const;
  // The kept messages, each with a line end; of all groups and streams when the names are empty.
  std::string messages(std::string_view group, std::string_view stream) const;
  void clear();

 private:
  struct Event {
    int64_t timestamp_ms;
    std::string message;
  };
  struct Stream {
    int64_t created_ms = 0;
    uint64_t taken = 0;
    std::deque<Event> events;
  };
  struct Filter {
    std::string name;
    std::string text;
    Pattern pattern;
    json::value transformations;
    uint64_t matched = 0;
  };
  struct Group {
    int64_t created_ms = 0;
    int64_t retention_days = 0;  // 0: never expires
    std::map<std::string, Stream, std::less<>> streams;
    std::vector<Filter> filters;
  };
  // Views into the body, or into the parser's memory, which is the thread's until its next call.
  struct Incoming {
    int64_t timestamp_ms;
    EventText message;
  };
  struct Batch {
    std::string group;
    std::string stream;
    std::vector<Incoming> events;
    size_t bytes = 0;  // as the limit counts them

    void clear() {
      group.clear();
      stream.clear();
      events.clear();
      bytes = 0;
    }
  };
  struct Counts {
    uint64_t puts = 0, gzip_puts = 0, taken = 0, message_bytes = 0, batch_bytes = 0, wire_bytes = 0;
    uint64_t full_puts = 0;  // batches filled to 95 % or more by bytes or by events
    uint64_t too_new = 0, too_old = 0, expired = 0;
    uint64_t failed_puts = 0;
    uint64_t kept_bytes = 0, not_kept = 0;
  };

  Answer put_log_events(const Call& call);
  std::optional<Answer> parse(const Call& call, Batch& batch);
  std::optional<Answer> judge(const Call& call, const Batch& batch);
  Answer take(const Call& call, const Batch& batch);
  Answer invalid(const Call& call, std::string_view rule, std::string message);
  Answer create_group(const Call& call, const json::object& in);
  Answer create_stream(const Call& call, const json::object& in);
  Answer put_retention(const Call& call, const json::object& in);
  Answer describe_groups(const Call& call, const json::object& in);
  Answer describe_streams(const Call& call, const json::object& in);
  Answer get_events(const Call& call, const json::object& in);
  Answer filter_events(const Call& call, const json::object& in);
  Answer put_filter(const Call& call, const json::object& in);
  Answer test_filter(const Call& call, const json::object& in);
  Answer describe_filters(const Call& call, const json::object& in);

  Account& account_;
  Clock& clock_;
  Violations& violations_;
  const Options options_;
  // Quotas per account and Region.
  Quota put_quota_{5000}, stream_quota_{50}, group_quota_{10}, retention_quota_{5},
      describe_quota_{25};

  mutable std::mutex mutex_;
  std::map<std::string, Group, std::less<>> groups_;  // guarded by mutex_, as is the rest
  Counts counts_;
  KeysSeen keys_;
};

}  // namespace outrigger::emulator
