#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "lines.h"

namespace outrigger::render {
namespace {

using internal::ArgumentType;

constexpr Site kSite{"examples/prober/probe.cc", 41};

// The message that a format makes of one number.
std::string shown(std::string_view format, ArgumentType type, uint64_t word) {
  Rendering r;
  r.made.begin(2, format, {});
  r.made.add(type, word);
  return message_in(r.json());
}
std::string shown(std::string_view format, double value) {
  return shown(format, ArgumentType::kDouble, std::bit_cast<uint64_t>(value));
}
std::string shown(std::string_view format, std::string_view text) {
  Rendering r;
  r.made.begin(2, format, {});
  r.made.add(text);
  return message_in(r.json());
}

TEST(Lines, json_as_the_contract_says) {
  Rendering r;
  r.made.begin(3, "probed {url} in {ms:.1f} ms, {} left, ok {ok}", kSite);
  r.made.add("http://a/\"x\"");
  r.made.add(ArgumentType::kDouble, std::bit_cast<uint64_t>(12.345));
  r.made.add(uint64_t{5});
  r.made.add(ArgumentType::kBool, 1);
  EXPECT_EQ(
      r.json(),
      "{\"time\":\"2026-11-24T01:42:32.123Z\",\"level\":\"WARN\",\"message\":\"probed "
      "http://a/\\\"x\\\" in 12.3 ms, "
      "5 left, ok "
      "true\",\"source\":\"probe.cc:41\",\"thread\":\"worker/77\",\"boot\":\"0000000000abcdef\","
      "\"ring\":\"3.1\",\"seq\":42,\"url\":\"http://a/\\\"x\\\"\",\"ms\":12.345,\"ok\":true}\n");
}

TEST(Lines, text_for_people) {
  Rendering r;
  r.made.begin(2, "probed {url}", kSite);
  r.made.add("http://a/\x1b[2J\nforged");
  EXPECT_EQ(r.text(),
            "2026-11-24T01:42:32.123Z INFO  probed http://a/\\x1b[2J\\nforged (probe.cc:41)\n");
  EXPECT_EQ(r.text(Colours::kAnsi),
            "\x1b[90m2026-11-24T01:42:32.123Z\x1b[0m \x1b[32mINFO\x1b[0m  probed "
            "http://a/\\x1b[2J\\nforged\x1b[90m "
            "(probe.cc:41)\x1b[0m\n");
}

TEST(Lines, without_a_source) {
  Rendering r;
  r.made.begin(5, "the end", {});
  EXPECT_EQ(r.text(), "2026-11-24T01:42:32.123Z FATAL the end\n");
  EXPECT_NE(r.json().find("\"message\":\"the end\",\"thread\":"), std::string::npos);
}

TEST(Lines, entries_of_the_keeper_and_of_captured_lines_carry_their_own_key) {
  Rendering r;
  JsonLines lines(1);
  r.made.begin(2, "x", {});
  segment::RawRecord record = r.made.finish();
  record.ring = kStderrRing;
  record.sequence = 9;
  EXPECT_NE(line_of(lines, r.decoder.decode(record, kTime))
                .find("\"thread\":\"stderr\",\"boot\":\"0000000000000001\",\"ring\":\"stderr.0\","
                      "\"seq\":9}"),
            std::string::npos);
  record.ring = 12345;  // no such source
  EXPECT_NE(line_of(lines, r.decoder.decode(record, kTime)).find("\"ring\":\"12345.0\""),
            std::string::npos);
}

TEST(Lines, a_thread_that_changes_its_name_is_shown_by_the_new_one) {
  Rendering r;
  JsonLines lines(1);
  r.made.begin(2, "x", {});
  Entry entry = r.entry();
  EXPECT_NE(line_of(lines, entry).find("\"worker/77\""), std::string::npos);
  entry.thread_name = "other";
  EXPECT_NE(line_of(lines, entry).find("\"other/77\""), std::string::npos);
  entry.thread_name = "\"\x01\xff";
  EXPECT_NE(line_of(lines, entry).find("\"\\\"\\u0001\xef\xbf\xbd/77\""), std::string::npos);
  entry.generation = 8;
  EXPECT_NE(line_of(lines, entry).find("\"ring\":\"3.8\""), std::string::npos);
}

TEST(Lines, numbers) {
  EXPECT_EQ(shown("{}", ArgumentType::kUnsigned, UINT64_MAX), "18446744073709551615");
  EXPECT_EQ(shown("{}", ArgumentType::kSigned, static_cast<uint64_t>(-5)), "-5");
  EXPECT_EQ(shown("{:+d}", ArgumentType::kSigned, 5), "+5");
  EXPECT_EQ(shown("{:#x}", ArgumentType::kUnsigned, 255), "0xff");
  EXPECT_EQ(shown("{:08b}", ArgumentType::kUnsigned, 5), "00000101");
  EXPECT_EQ(shown("{:*^9}", ArgumentType::kUnsigned, 123), "***123***");
  EXPECT_EQ(shown("{:\">4}", ArgumentType::kUnsigned, 1), "\\\"\\\"\\\"1");
  EXPECT_EQ(shown("{:c}", ArgumentType::kUnsigned, 65), "A");
  EXPECT_EQ(shown("{:L}", ArgumentType::kUnsigned, 1'234'567), "1,234,567");
  EXPECT_EQ(shown("{}", ArgumentType::kBool, 1), "true");
  EXPECT_EQ(shown("{:d}", ArgumentType::kBool, 1), "1");
  EXPECT_EQ(shown("{}", ArgumentType::kChar, 'x'), "x");
  EXPECT_EQ(shown("{:>3}", ArgumentType::kChar, 'x'), "  x");
  EXPECT_EQ(shown("{}", ArgumentType::kChar, 0xff), "\xef\xbf\xbd");
  EXPECT_EQ(shown("{}", ArgumentType::kPointer, 0x7f00), "0x7f00");
  EXPECT_EQ(shown("{:p}", ArgumentType::kPointer, 0x7f00), "0x7f00");
}

TEST(Lines, floating_point) {
  EXPECT_EQ(shown("{}", 1.0), "1");
  EXPECT_EQ(shown("{}", 0.1), "0.1");
  EXPECT_EQ(shown("{:.2f}", 2.675), "2.67");
  EXPECT_EQ(shown("{:.0f}", 2.5), "2");
  EXPECT_EQ(shown("{:f}", 1.5), "1.500000");
  EXPECT_EQ(shown("{:.2f}", -0.0), "-0.00");
  EXPECT_EQ(shown("{:.1f}", 1e30).size(), 33u);
  EXPECT_EQ(shown("{:.2e}", 12345.0), "1.23e+04");
  EXPECT_EQ(shown("{:10.3g}|", 12345.0), "  1.23e+04|");
  EXPECT_EQ(shown("{}", std::nan("")), "nan");
  EXPECT_EQ(shown("{:.2f}", HUGE_VAL), "inf");
  EXPECT_EQ(shown("{}", ArgumentType::kFloat, std::bit_cast<uint32_t>(0.1f)), "0.1");
  EXPECT_EQ(shown("{:.3f}", ArgumentType::kFloat, std::bit_cast<uint32_t>(0.5f)), "0.500");
}

TEST(Lines, numbers_that_json_cannot_write_are_strings) {
  Rendering r;
  r.made.begin(2, "{a}{b}{c}{d}", {});
  r.made.add(ArgumentType::kDouble, std::bit_cast<uint64_t>(std::nan("")));
  r.made.add(ArgumentType::kDouble, std::bit_cast<uint64_t>(HUGE_VAL));
  r.made.add(ArgumentType::kFloat, std::bit_cast<uint32_t>(-HUGE_VALF));
  r.made.add(ArgumentType::kDouble, std::bit_cast<uint64_t>(1e300));
  EXPECT_NE(r.json().find("\"a\":\"nan\",\"b\":\"inf\",\"c\":\"-inf\",\"d\":1e+300}"),
            std::string::npos);
}

TEST(Lines, times_and_durations) {
  EXPECT_EQ(shown("{}", ArgumentType::kMilliseconds, 5), "5ms");
  EXPECT_EQ(shown("{}", ArgumentType::kMicroseconds, static_cast<uint64_t>(-7)), "-7µs");
  EXPECT_EQ(shown("{:>6}", ArgumentType::kHours, 3), "    3h");
  EXPECT_EQ(shown("{}", ArgumentType::kTime, kTime), "2026-11-24T01:42:32.123Z");
  Rendering r;
  r.made.begin(2, "{took}", {});
  r.made.add(ArgumentType::kNanoseconds, 12);
  EXPECT_NE(r.json().find("\"took\":\"12ns\""), std::string::npos);
}

TEST(Lines, texts_with_width_and_precision_count_characters) {
  EXPECT_EQ(shown("{:>5}|", "ab"), "   ab|");
  EXPECT_EQ(shown("{:5}|", "ab"), "ab   |");
  EXPECT_EQ(shown("{:-^6}|", "äö"), "--äö--|");
  EXPECT_EQ(shown("{:.2}|", "äöü"), "äö|");
  EXPECT_EQ(shown("{:·<4.1}|", "abc"), "a···|");
}

TEST(Lines, the_widest_fields_stay_within_their_bound) {
  Rendering r;
  std::string format;
  for (int i = 0; i < 30; ++i) format += "{f" + std::to_string(i) + ":\xf0\x9f\x99\x82^1024.1024f}";
  r.made.begin(2, format, kSite);
  for (int i = 0; i < 30; ++i)
    r.made.add(ArgumentType::kDouble, std::bit_cast<uint64_t>(-std::numeric_limits<double>::max()));
  EXPECT_GT(r.json().size(), 30 * 1024u);
  EXPECT_GT(r.text().size(), 30 * 1024u);

  r.made.begin(2, "{a:\x01>1024}{b:\x01^1024}", kSite);
  r.made.add("");
  r.made.add(std::string(60'000, '\x02'));
  EXPECT_GT(r.json().size(), 2 * 6 * 60'000u);
}

}  // namespace
}  // namespace outrigger::render
