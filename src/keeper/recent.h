// The last ten entries, for the health page. The drain keeps their raw records, which costs a short
// copy each; whoever looks at the page pays for the rest.
//
// note() and publish() belong to the drain's thread, entries() to the page's.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "admin/report.h"
#include "render/entry.h"
#include "segment/reader.h"

namespace outrigger::keeper {

class Recent {
 public:
  static constexpr size_t kEntries = 10;

  explicit Recent(const render::Image& image) : decoder_(image) {}

  void note(const segment::RawRecord& record, int64_t time_ns);
  // Makes what was noted visible.
  void publish();
  // Of the drain's thread: the keys of what was noted, oldest first: "3.0:1204 3.0:1205", ring and
  // number as the entries show them.
  std::string keys() const;

  // Newest first.
  std::vector<admin::LogEntry> entries();

 private:
  struct Kept {
    segment::RawRecord record;
    int64_t time_ns = 0;
    std::vector<char> bytes;
  };

  // The drain's.
  std::array<Kept, kEntries> noted_;
  uint64_t count_ = 0;
  uint64_t published_count_ = 0;

  std::mutex mutex_;
  std::array<Kept, kEntries> shown_;  // guarded by mutex_
  uint64_t shown_count_ = 0;          // likewise
  render::Decoder decoder_;           // likewise
};

}  // namespace outrigger::keeper
