// From rendered lines to the body of one PutLogEvents: where a batch ends, in which order its
// events go, what is cut from an entry that is too long. Pure; the time is an argument.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "keeper/deflate.h"
#include "keeper/log_line.h"

namespace outrigger::keeper {

// Limits of PutLogEvents
// (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html).
struct BatchLimits {
  size_t bytes_max = 1'048'576;  // of messages, and 26 for each event
  size_t event_overhead_bytes = 26;
  size_t events_max = 10'000;
  int64_t span_ms_max = 24LL * 3600 * 1000;

  size_t event_bytes_max() const { return bytes_max - event_overhead_bytes; }
};

// An event of a body.
struct SentEvent {
  int64_t time_ms;
  uint32_t level;
  uint32_t calls;
};

// What is known of a line once it was looked at, so that this happens once.
struct BatchLine {
  SentEvent event;
  uint32_t bytes;  // without its end
};
// Of lines that were not cut here: out of the backlog.
std::vector<BatchLine> lines_of(std::string_view text);

// Takes lines one after another until the next one would break a limit.
class BatchCut {
 public:
  explicit BatchCut(const BatchLimits& limits) : limits_(limits) {}

  // Goes through the lines of `text`, the last of which ends with it, from where it stopped.
  // Returns the bytes that belong to the batch so far.
  size_t extend(std::string_view text);
  void clear();
  // The lines of the batch; then it is clear.
  std::vector<BatchLine> take();

  // The next line would have broken a limit, or the last one has reached one.
  bool is_full() const { return full_; }
  size_t bytes() const { return bytes_; }      // of the text
  size_t counted() const { return counted_; }  // as the limit counts them
  size_t events() const { return lines_.size(); }

 private:
  const BatchLimits limits_;
  LineClock clock_;
  std::vector<BatchLine> lines_;
  size_t bytes_ = 0;
  size_t counted_ = 0;
  int64_t oldest_ms_ = 0;
  int64_t newest_ms_ = 0;
  bool full_ = false;
};

// Counts by level, and the time that they cover.
struct Tally {
  uint64_t lines = 0;
  uint64_t calls[segment::kLevels] = {};
  int64_t from_ms = 0;  // 0: nothing
  int64_t to_ms = 0;

  void add(uint32_t level, uint64_t calls_of_it, int64_t time_ms);
  void add(const Tally& other);
  uint64_t all_calls() const;
};
Tally tally_of(std::string_view lines);

enum class Coding { kPlain, kGzip };

class BatchBody {
 public:
  // `text` is of whole lines that BatchCut found to be one batch; `lines` tells of each.
  void build(std::string_view text, const std::vector<BatchLine>& lines, std::string_view group,
             std::string_view stream, const BatchLimits& limits, Coding coding = Coding::kPlain);

  // As it is sent.
  std::string_view bytes() const {
    return coding_ == Coding::kGzip ? packed_.text() : std::string_view(text_.get(), size_);
  }
  // In the body's order.
  const std::vector<SentEvent>& events() const { return events_; }
  // Gives the memory back.
  void clear();

 private:
  Coding coding_ = Coding::kPlain;
  std::unique_ptr<char[]> text_;  // kGzip: of one block
  size_t room_ = 0;
  size_t size_ = 0;
  std::unique_ptr<Gzip> gzip_;
  PackedBytes packed_;
  std::vector<SentEvent> events_;
  struct Place {
    SentEvent event;
    std::string_view line;
  };
  std::vector<Place> places_;  // while building
};

// A line of at most `bytes_max`, still JSON, its key still in it: the message is shortened, or
// where that is not enough the fields behind the key, and a marker says by how many bytes.
std::string truncated(std::string_view line, size_t bytes_max);

// What a put rejected by index, not by count. Any values.
struct RejectedIndexes {
  int64_t too_new_start = -1;  // -1: not told
  int64_t too_old_end = -1;
  int64_t expired_end = -1;
};
struct RejectedTallies {
  Tally too_new, too_old, expired;
};
// Each event counts once: what is both too old and expired is too old.
RejectedTallies tally_rejected(const std::vector<SentEvent>& events,
                               const RejectedIndexes& indexes);

}  // namespace outrigger::keeper
