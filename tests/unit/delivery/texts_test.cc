// What templates are made with: words filled in, YAML, archives.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

#include "delivery/fill_in.h"
#include "delivery/image.h"
#include "delivery/yaml.h"
#include "facts.h"

namespace outrigger::delivery {
namespace {

TEST(FillIn, a_word_may_be_any_text_where_it_stands_in_quotes) {
  auto filled = fill_in(R"({"a": "it is @X@, @X@", "b": @N@, "c": "@Y@"})",
                        {{"X", "\"quoted\"\n\\@Y@"}, {"N", "7"}, {"Y", ""}});
  ASSERT_TRUE(filled) << filled.error().message;
  EXPECT_EQ((*filled)["a"], Json("it is \"quoted\"\n\\@Y@, \"quoted\"\n\\@Y@"));
  EXPECT_EQ((*filled)["b"], Json(7));
  EXPECT_EQ((*filled)["c"], Json(""));
}

TEST(FillIn, what_is_no_json_then_is_an_error) {
  EXPECT_FALSE(fill_in(R"({"port": @PORT@})", {{"PORT", ""}}));
  EXPECT_FALSE(fill_in(R"({"port": @UNKNOWN@})", {{"PORT", "1"}}));
}

TEST(FillIn, sections_are_joined_member_by_member) {
  Json whole{{"Resources", Json{{"A", 1}}}, {"Description", "d"}};
  join(whole, Json{{"Resources", Json{{"B", 2}}}, {"Outputs", Json{{"C", 3}}}});
  EXPECT_EQ(whole["Resources"], (Json{{"A", 1}, {"B", 2}}));
  EXPECT_EQ(whole["Outputs"], (Json{{"C", 3}}));
  EXPECT_EQ(whole["Description"], Json("d"));
}

TEST(FillIn, ports_of_addresses) {
  EXPECT_EQ(port_of("0.0.0.0:8080"), "8080");
  EXPECT_EQ(port_of("[::]:80"), "80");
  EXPECT_EQ(port_of("unix:/run/it:1"), "");
  EXPECT_EQ(port_of(""), "");
}

TEST(Yaml, texts_that_readers_may_take_for_something_else_are_quoted) {
  for (const char* text :
       {"yes", "No", "NULL", "on",         "y",    "12",   "1.5", "-",  "- a", "",   "a: b",
        "a:",  " a", "a ",   "#a",         "a #b", "@x",   "*a",  "&a", "!a",  "%a", "{a}",
        "[a]", "~",  "`a",   "2026-11-24", "0x1f", "a\tb", "ä",   "?",  "|",   ">"})
    EXPECT_EQ(yaml(Json{{"k", text}}).substr(0, 4), "k: \"") << text;
  for (const char* text :
       {"AWS::EC2::Instance", "/readyz", "Addresses (CIDR) that may, or not", "PT15M"})
    EXPECT_EQ(yaml(Json{{"k", text}}), std::string("k: ") + text + "\n");
}

TEST(Yaml, structure) {
  const Json value{
      {"empty", Json::object()},
      {"none", Json::array()},
      {"list", Json::array({1, Json{{"a", true}, {"b", nullptr}}, Json::array({"x"})})},
      {"inside", Json{{"deep", Json{{"deeper", 1.5}}}}}};
  EXPECT_EQ(yaml(value),
            "empty: {}\nnone: []\nlist:\n  - 1\n  - a: true\n    b: null\n  -\n    - x\n"
            "inside:\n  deep:\n    deeper: 1.5\n");
}

TEST(Yaml, several_lines_stand_as_they_are) {
  EXPECT_EQ(yaml(Json{{"s", "#!/bin/sh\n\n  echo \"a: b\"\n"}}),
            "s: |\n  #!/bin/sh\n\n    echo \"a: b\"\n");
  EXPECT_EQ(yaml(Json{{"s", "a\nb"}}), "s: |-\n  a\n  b\n");
  // Indented at its beginning, or with what does not print: no block could say so.
  for (const char* text : {" a\nb", "\na", "a\tb\nc", "a\r\nb"})
    EXPECT_EQ(yaml(Json{{"s", text}}).substr(0, 4), "s: \"") << text;
}

// POSIX.1-2017, pax, "ustar Interchange Format".
struct Entry {
  std::string name;
  std::string bytes;
};
std::vector<Entry> entries_of(const std::string& tar) {
  std::vector<Entry> found;
  EXPECT_EQ(tar.size() % 512, 0u);
  for (size_t at = 0; at + 512 <= tar.size() && tar[at] != '\0';) {
    const std::string header = tar.substr(at, 512);
    unsigned sum = 0;
    for (size_t i = 0; i < header.size(); ++i)
      sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(header[i]);
    EXPECT_EQ(strtoul(header.c_str() + 148, nullptr, 8), sum);
    EXPECT_EQ(header.substr(257, 8), std::string("ustar\0"
                                                 "00",
                                                 8));
    const size_t size = strtoul(header.c_str() + 124, nullptr, 8);
    found.push_back({header.c_str(), tar.substr(at + 512, size)});
    at += 512 + (size + 511) / 512 * 512;
  }
  EXPECT_EQ(tar.substr(tar.size() - 1024), std::string(1024, '\0'));
  return found;
}

TEST(Image, archives_of_any_size_are_whole_blocks) {
  for (const size_t size : {0u, 1u, 511u, 512u, 513u, 100'000u}) {
    const std::string file(size, 'x');
    const std::string image = image_of(prober_facts(), {}, file);
    const auto outer = entries_of(image);
    ASSERT_GE(outer.size(), 7u) << size;
    EXPECT_EQ(outer.front().name, "oci-layout");
    const auto layer = entries_of(outer.back().bytes);
    ASSERT_EQ(layer.size(), 1u);
    EXPECT_EQ(layer.front().name, "prober");
    EXPECT_EQ(layer.front().bytes, file);
    EXPECT_EQ(image, image_of(prober_facts(), {}, file));
  }
}

}  // namespace
}  // namespace outrigger::delivery
