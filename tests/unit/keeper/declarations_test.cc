#include "keeper/declarations.h"

#include <gtest/gtest.h>
#include <string.h>

#include <memory>
#include <random>

namespace outrigger::keeper {
namespace {

constexpr std::string_view kGood =
    R"({"service":"prober","version":"1.1.ab41cd0","commit":"ab41cd0","built":"2026-11-24T00:00:00Z","environment":"prod",)"
    R"("kind":"production","admin":"0.0.0.0:8081","logs":"stdout-text","level":"debug","adopted":true,)"
    R"("settings":[{"name":"Greeting","value":"Hi","from":"default","secret":false},)"
    R"({"name":"Limit","value":5,"from":"variable","secret":true},{"name":"None","value":null}]})";

const Declarations kDefaults = default_declarations("program");

TEST(Declarations, are_read_as_they_are_written) {
  const auto found = parse_declarations(kGood, kDefaults);
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->declared);
  EXPECT_EQ(found->service, "prober");
  EXPECT_EQ(found->version, "1.1.ab41cd0");
  EXPECT_EQ(found->environment, "prod");
  EXPECT_FALSE(found->local);
  EXPECT_EQ(found->admin, "0.0.0.0:8081");
  EXPECT_EQ(found->logs, LogsTo::kStdoutText);
  EXPECT_EQ(found->level, admin::Level::kDebug);
  ASSERT_EQ(found->settings.size(), 3u);
  EXPECT_EQ(found->settings[0].value, "Hi");
  EXPECT_EQ(found->settings[1].value, "5");
  EXPECT_TRUE(found->settings[1].secret);
  EXPECT_EQ(found->settings[2].value, "");
}

TEST(Declarations, lines_of_alarms_are_read_and_bounded) {
  std::string many =
      R"({"profile_lines":[7,{"alarm":"A"},{"alarm":"B","metric":"CpuUsed","above":90.5})";
  for (int i = 0; i < 300; ++i) many += R"(,{"alarm":"C","metric":"MemoryUsed","above":85})";
  const auto found = parse_declarations(many + "]}", kDefaults);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->profile_lines.size(), 198u) << "the first 200, of which two say nothing";
  EXPECT_EQ(found->profile_lines[0].alarm, "B");
  EXPECT_EQ(found->profile_lines[0].metric, "CpuUsed");
  EXPECT_EQ(found->profile_lines[0].above, 90.5);
  EXPECT_EQ(found->profile_lines[1].above, 85);
  EXPECT_TRUE(parse_declarations(R"({"profile_lines":{}})", kDefaults)->profile_lines.empty());
}

TEST(Declarations, what_is_missing_or_wrong_keeps_its_default) {
  const auto found = parse_declarations(
      R"({"service":"","version":7,"kind":"local","logs":"papyrus","level":"loud","settings":{"a":1},"admin":[]})",
      kDefaults);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->service, "program");
  EXPECT_EQ(found->version, "");
  EXPECT_TRUE(found->local);
  EXPECT_EQ(found->logs, kDefaults.logs);
  EXPECT_EQ(found->level, admin::Level::kInfo);
  EXPECT_EQ(found->admin, kDefaults.admin);
  EXPECT_TRUE(found->settings.empty());
}

TEST(Declarations, texts_are_bounded_and_harmless) {
  const auto found = parse_declarations(
      "{\"service\":\"a\\u001b[2Jb\",\"version\":\"" + std::string(100'000, 'v') + "\"}",
      kDefaults);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->service, "a\\x1b[2Jb");
  EXPECT_EQ(found->version.size(), 1000u);
}

TEST(Declarations, what_is_no_object_is_none) {
  for (const char* text : {"", "[]", "7", "{", "{\"service\":}", "nonsense"})
    EXPECT_FALSE(parse_declarations(text, kDefaults)) << text;
  EXPECT_FALSE(parse_declarations(std::string(1000, '['), kDefaults));
}

TEST(Declarations, damaged_texts_are_survived) {
  std::mt19937 random(9);
  for (int i = 0; i < 5000; ++i) {
    std::string text(kGood);
    for (unsigned changes = random() % 4 + 1; changes > 0; --changes)
      text[random() % text.size()] = static_cast<char>(random());
    parse_declarations(text.substr(0, random() % text.size()), kDefaults);
    parse_declarations(text, kDefaults);
  }
}

TEST(Declarations, a_length_beyond_the_blob_is_none) {
  const auto memory = std::make_unique<char[]>(segment::kBytes);
  const segment::View view(memory.get());
  EXPECT_FALSE(read_declarations(view, kDefaults));
  char* const bytes = reinterpret_cast<char*>(&view.declarations()) + segment::kBlobDataAt;
  memcpy(bytes, kGood.data(), kGood.size());
  view.declarations().length = UINT32_MAX;
  EXPECT_FALSE(read_declarations(view, kDefaults));
  view.declarations().length = static_cast<uint32_t>(kGood.size());
  EXPECT_TRUE(read_declarations(view, kDefaults));
}

}  // namespace
}  // namespace outrigger::keeper
