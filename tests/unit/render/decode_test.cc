#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <source_location>
#include <vector>

#include "lines.h"

extern "C" [[gnu::visibility("hidden")]] const char __ehdr_start[];

namespace outrigger::render {
namespace {

using internal::ArgumentType;
using internal::RecordHeader;

uint32_t offset_of(const void* address) {
  return static_cast<uint32_t>(static_cast<const char*>(address) - __ehdr_start);
}

// As a log call writes it: constants by their place in the image.
std::vector<char> image_record() {
  static constexpr char kFormat[] = "order {id} placed by {} for {:.2f}";
  static constexpr ArgumentType kTypes[] = {ArgumentType::kUnsigned, ArgumentType::kText,
                                            ArgumentType::kDouble, ArgumentType::kEnd};
  const auto here = std::source_location::current();
  const void* site;
  memcpy(&site, &here, sizeof(site));
  std::vector<char> bytes(64);
  const RecordHeader header{64 | 2u << internal::kRecordLevelShift,
                            offset_of(kFormat),
                            offset_of(site),
                            offset_of(kTypes),
                            1,
                            7};
  const uint64_t words[3] = {17, 5, std::bit_cast<uint64_t>(9.5)};
  memcpy(bytes.data(), &header, sizeof(header));
  memcpy(bytes.data() + 32, words, sizeof(words));
  memcpy(bytes.data() + 56, "Ada L", 5);
  return bytes;
}

segment::RawRecord raw(const std::vector<char>& bytes) {
  segment::RawRecord record;
  record.bytes = bytes.data();
  record.size = static_cast<uint32_t>(bytes.size());
  record.level = 2;
  return record;
}

std::string shown(Decoder& decoder, const segment::RawRecord& record) {
  JsonLines lines(1);
  return line_of(lines, decoder.decode(record, kTime));
}

TEST(Decode, a_call_in_the_executable) {
  Decoder decoder(Image::of_program());
  const std::string line = shown(decoder, raw(image_record()));
  EXPECT_EQ(message_in(line), "order 17 placed by Ada L for 9.50");
  EXPECT_NE(line.find("\"source\":\"decode_test.cc:"), std::string::npos);
  EXPECT_NE(line.find(",\"id\":17}"), std::string::npos);
  EXPECT_EQ(decoder.unreadable(), 0u);
}

TEST(Decode, a_call_outside_the_executable) {
  Rendering r;
  r.made.begin(2, "plugin says {what}", {"/opt/plugin/x.cc", 9});
  r.made.add("hello");
  const std::string line = r.json();
  EXPECT_EQ(message_in(line), "plugin says hello");
  EXPECT_NE(line.find("\"source\":\"x.cc:9\""), std::string::npos);
}

TEST(Decode, lengths_beyond_the_record_make_it_unreadable_not_lost) {
  for (const uint64_t length : {uint64_t{9}, uint64_t{64}, UINT64_MAX, UINT64_MAX - 4}) {
    std::vector<char> bytes = image_record();
    memcpy(bytes.data() + 40, &length, 8);
    Decoder decoder(Image::of_program());
    EXPECT_EQ(message_in(shown(decoder, raw(bytes))), "unreadable log record");
    EXPECT_EQ(decoder.unreadable(), 1u);
  }
}

TEST(Decode, every_truncation_is_survived) {
  Rendering r;
  r.made.begin(2, "plugin says {what} {n}", {"/opt/plugin/x.cc", 9});
  r.made.add("hello");
  r.made.add(uint64_t{3});
  const segment::RawRecord whole = r.made.finish();
  const std::vector<char> copied(whole.bytes, whole.bytes + whole.size);
  for (const std::vector<char>& record : {image_record(), copied}) {
    Decoder decoder(Image::of_program());
    for (size_t size = 0; size <= record.size(); ++size)
      shown(decoder,
            raw(std::vector<char>(record.begin(), record.begin() + static_cast<ptrdiff_t>(size))));
    EXPECT_GE(decoder.unreadable(), record.size() - 8);
  }
}

TEST(Decode, random_changes_are_survived) {
  std::mt19937 random(3);
  Rendering r;
  r.made.begin(2, "plugin says {what:>9} {n:.3f} {t}", {"/opt/plugin/x.cc", 9});
  r.made.add("hello");
  r.made.add(ArgumentType::kDouble, 3);
  r.made.add(ArgumentType::kTime, 3);
  const segment::RawRecord whole = r.made.finish();
  const std::vector<char> copied(whole.bytes, whole.bytes + whole.size);
  Decoder decoder(Image::of_program());
  for (const std::vector<char>& record : {image_record(), copied}) {
    for (int round = 0; round < 20'000; ++round) {
      std::vector<char> bytes = record;
      for (unsigned changes = random() % 4 + 1; changes > 0; --changes)
        bytes[random() % bytes.size()] =
            static_cast<char>(random() % 4 == 0 ? random() : random() % 32);
      segment::RawRecord damaged = raw(bytes);
      damaged.level = random() % 9;
      damaged.ring = random() % 80;
      shown(decoder, damaged);
    }
  }
  EXPECT_GT(decoder.unreadable(), 0u);
}

}  // namespace
}  // namespace outrigger::render
