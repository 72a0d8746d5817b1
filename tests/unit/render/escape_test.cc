#include "render/escape.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace outrigger::render {
namespace {

template <Target kTarget>
std::string escaped(std::string_view text) {
  // A copy of its exact size, so that a sanitizer sees a read behind it.
  const std::vector<char> bytes(text.begin(), text.end());
  std::string to(bytes.size() * kEscapedBytesMax + 8, '#');
  to.resize(static_cast<size_t>(append_escaped<kTarget>(to.data(), bytes.data(), bytes.size()) -
                                to.data()));
  return to;
}

TEST(Escape, plain_text_stays_as_it_is_at_every_length) {
  const std::string alphabet = "abcdefghijklmnopqrstuvwxyz 0123456789 ~!/:";
  for (size_t n = 0; n <= alphabet.size(); ++n) {
    const std::string text = alphabet.substr(0, n);
    EXPECT_EQ(escaped<Target::kJson>(text), text);
    EXPECT_EQ(escaped<Target::kText>(text), text);
    EXPECT_EQ(escaped<Target::kValue>(text), text);
  }
}

TEST(Escape, one_special_character_is_found_at_every_place) {
  for (size_t n = 1; n <= 25; ++n) {
    for (size_t at = 0; at < n; ++at) {
      std::string text(n, 'x');
      text[at] = '"';
      std::string expected = text;
      expected.insert(at, "\\");
      EXPECT_EQ(escaped<Target::kJson>(text), expected);
      text[at] = '\n';
      expected = text;
      expected.replace(at, 1, "\\n");
      EXPECT_EQ(escaped<Target::kJson>(text), expected);
      EXPECT_EQ(escaped<Target::kText>(text), expected);
      EXPECT_EQ(escaped<Target::kValue>(text), text);
    }
  }
}

TEST(Escape, control_characters) {
  EXPECT_EQ(escaped<Target::kJson>(std::string_view("a\0b\x1b[31m\x1f", 9)),
            "a\\u0000b\\u001b[31m\\u001f");
  EXPECT_EQ(escaped<Target::kText>(std::string_view("a\0b\x1b[31m\x7f", 9)),
            "a\\x00b\\x1b[31m\\x7f");
  EXPECT_EQ(escaped<Target::kJson>("\b\f\r\t\\\"/"), "\\b\\f\\r\\t\\\\\\\"/");
  EXPECT_EQ(escaped<Target::kText>("\t\\\""), "\\t\\\"");
}

TEST(Escape, terminal_commands_beyond_ascii_are_defused_in_text_only) {
  EXPECT_EQ(escaped<Target::kText>("\xc2\x9b"
                                   "31m"),
            "\\u009b31m");
  EXPECT_EQ(escaped<Target::kJson>("\xc2\x9b"
                                   "31m"),
            "\xc2\x9b"
            "31m");
}

TEST(Escape, valid_utf8_stays) {
  for (const char* text : {"µs", "Zürich", "日本語のログ", "🙂", "a🙂b", "\xc2\xa0", "\xef\xbf\xbf",
                           "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(escaped<Target::kJson>(text), text);
    EXPECT_EQ(escaped<Target::kText>(text), text);
    EXPECT_EQ(escaped<Target::kValue>(text), text);
  }
}

TEST(Escape, each_invalid_byte_becomes_a_replacement) {
  const std::string r = "\xef\xbf\xbd";
  EXPECT_EQ(escaped<Target::kJson>("a\xff"
                                   "b"),
            "a" + r + "b");
  EXPECT_EQ(escaped<Target::kJson>("\x80"), r);
  EXPECT_EQ(escaped<Target::kJson>("\xc3"), r);                          // cut off
  EXPECT_EQ(escaped<Target::kJson>("\xe2\x82"), r + r);                  // cut off
  EXPECT_EQ(escaped<Target::kJson>("\xc0\xaf"), r + r);                  // overlong
  EXPECT_EQ(escaped<Target::kJson>("\xed\xa0\x80"), r + r + r);          // surrogate
  EXPECT_EQ(escaped<Target::kJson>("\xf4\x90\x80\x80"), r + r + r + r);  // beyond Unicode
  EXPECT_EQ(escaped<Target::kValue>("\xff\n"), r + "\n");
}

TEST(Escape, any_bytes_give_valid_utf8_without_control_characters) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string text(random() % 40, '\0');
    for (char& c : text) c = static_cast<char>(random());
    for (const std::string& line : {escaped<Target::kJson>(text), escaped<Target::kText>(text)}) {
      for (size_t i = 0; i < line.size();) {
        uint32_t code = 0;
        const size_t bytes = decode_utf8(line.data() + i, line.data() + line.size(), code);
        ASSERT_NE(bytes, 0u);
        ASSERT_GE(code, 0x20u);
        i += bytes;
      }
    }
  }
}

}  // namespace
}  // namespace outrigger::render
