// A segment in this process, with the keeper's reader beside the calls under test.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "log/attach.h"
#include "outrigger/log.h"
#include "segment/layout.h"
#include "segment/mapping.h"
#include "segment/reader.h"

namespace outrigger {

struct ReadRecord {
  uint32_t ring, generation, level;
  uint64_t sequence, missing;
  int32_t thread_id;
  std::string bytes;

  uint64_t word(size_t i) const {
    uint64_t value;
    memcpy(&value, bytes.data() + internal::kRecordHeaderBytes + 8 * i, 8);
    return value;
  }
  // The texts of a record whose arguments are `words` words.
  std::string text_after(size_t words) const {
    return bytes.substr(internal::kRecordHeaderBytes + 8 * words);
  }
};

class RingFixture : public testing::Test {
 protected:
  void SetUp() override {
    char why[256] = "";
    fd_ = segment::create(why, sizeof(why));
    ASSERT_GE(fd_, 0) << why;
    void* base = segment::map(fd_);
    ASSERT_NE(base, nullptr);
    view_ = segment::View(base);
    log::attach(base);
    log::set_level(log::Level::kTrace);
    reader_ = std::make_unique<segment::Reader>(view_, fd_);
  }
  void TearDown() override {
    log::detach();
    munmap(view_.base(), segment::kBytes);
    close(fd_);
  }

  // One round of everything published.
  std::vector<ReadRecord> read_all(bool service_dead = false) {
    std::vector<ReadRecord> records;
    reader_->begin(UINT64_MAX, service_dead);
    segment::RawRecord raw;
    while (reader_->next(raw)) {
      records.push_back({raw.ring, raw.generation, raw.level, raw.sequence, raw.missing,
                         raw.thread_id, std::string(raw.bytes, raw.size)});
    }
    reader_->release();
    return records;
  }

  int fd_ = -1;
  segment::View view_;
  std::unique_ptr<segment::Reader> reader_;
};

}  // namespace outrigger
