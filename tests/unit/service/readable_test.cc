#include "service/readable.h"

#include <gtest/gtest.h>

namespace outrigger::service {
namespace {

TEST(Readable, scalars_stand_bare) {
  EXPECT_EQ(readable("Ada"), "Ada\n");
  EXPECT_EQ(readable(3), "3\n");
  EXPECT_EQ(readable(true), "true\n");
  EXPECT_EQ(readable(Json()), "-\n");
  EXPECT_EQ(readable("two\nlines"), "two\nlines\n");
}

TEST(Readable, an_object_is_a_line_a_member) {
  EXPECT_EQ(readable(Json{{"greeting", "Hi, Ada"}, {"times", 3}}), "greeting: Hi, Ada\ntimes: 3\n");
  EXPECT_EQ(readable(Json{{"a", Json{{"b", 1}, {"c", Json::array()}}}}),
            "a:\n  b: 1\n  c: (none)\n");
  EXPECT_EQ(readable(Json::object()), "(none)\n");
}

TEST(Readable, a_list_is_a_line_an_element) {
  EXPECT_EQ(readable(Json::array({"a", 2})), "a\n2\n");
  EXPECT_EQ(readable(Json::array({Json{{"a", 1}, {"b", 2}}, Json{{"c", 3}}})),
            "- a: 1\n  b: 2\n- c: 3\n");
}

TEST(Readable, objects_of_the_same_members_are_a_table) {
  EXPECT_EQ(readable(Json::array({Json{{"url", "http://a"}, {"status", 200}},
                                  Json{{"url", "http://longer"}, {"status", 503}}})),
            "url            status\n"
            "http://a       200\n"
            "http://longer  503\n");
  EXPECT_EQ(readable(Json::array({Json{{"n", "\xc3\xa4"}, {"m", 1}}, Json{{"n", "b"}, {"m", 2}}})),
            "n  m\n\xc3\xa4  1\nb  2\n")
      << "a letter of two bytes has one column";
}

TEST(Readable, the_terminal_is_not_steered) {
  EXPECT_EQ(readable("\x1b[2J"), "\\x1b[2J\n");
  EXPECT_EQ(readable(Json{{"a", "x\ny"}}), "a: x\\x0ay\n");
  EXPECT_EQ(readable(Json{{"\x1b", 1}}), "\\x1b: 1\n");
}

}  // namespace
}  // namespace outrigger::service
