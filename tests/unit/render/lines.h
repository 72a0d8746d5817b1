// What the tests of this room share: entries made by hand, rendered with a guard behind the
// promised bound.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "render/entry.h"
#include "render/made_record.h"

namespace outrigger::render {

inline constexpr int64_t kTime = 1'795'484'552'123'456'789;  // 2026-11-24T01:42:32.123Z

template <typename Lines>
std::string line_of(Lines& lines, const Entry& entry) {
  const size_t bound = bytes_max(entry);
  std::vector<char> room(bound + 16, '#');
  const char* const end = lines.append(room.data(), entry);
  const auto bytes = static_cast<size_t>(end - room.data());
  EXPECT_LE(bytes + kSlack, bound);
  EXPECT_EQ(std::string_view(room.data() + bound, 16), "################")
      << "written beyond the bound";
  return {room.data(), bytes};
}

inline std::string message_in(const std::string& json) {
  const std::string open = "\"message\":\"";
  const size_t begin = json.find(open) + open.size();
  return json.substr(begin, json.find("\",\"", begin) - begin);
}

// A decoder and both renderers around one record.
class Rendering {
 public:
  MadeRecord made;
  segment::RawRecord record;
  Decoder decoder{Image::of_program()};

  Entry entry() {
    record = made.finish();
    record.ring = 3;
    record.generation = 1;
    record.sequence = 42;
    record.thread_id = 77;
    strcpy(record.thread_name, "worker");
    return decoder.decode(record, kTime);
  }
  std::string json() {
    JsonLines lines(0xabcdef);
    return line_of(lines, entry());
  }
  std::string text(Colours colours = Colours::kNone) {
    TextLines lines(colours);
    return line_of(lines, entry());
  }
};

}  // namespace outrigger::render
