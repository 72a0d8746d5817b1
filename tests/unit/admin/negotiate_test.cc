#include "admin/negotiate.h"

#include <gtest/gtest.h>

#include "request_for.h"

namespace outrigger::admin {
namespace {

size_t form(std::initializer_list<std::string_view> accept) {
  MadeRequest made("GET", "/health");
  for (const std::string_view value : accept) made.with("accept", value);
  return preferred(made.request, {"application/json", "text/html"});
}
constexpr size_t kJson = 0, kHtml = 1;

TEST(Preferred, is_our_first_where_the_client_does_not_care) {
  EXPECT_EQ(form({}), kJson);
  EXPECT_EQ(form({"*/*"}), kJson);
  EXPECT_EQ(form({"application/json, text/html"}), kJson);
  EXPECT_EQ(form({"text/html, application/json"}), kJson);
}

TEST(Preferred, gives_browsers_their_page) {
  EXPECT_EQ(form({"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/"
                  "*;q=0.8"}),
            kHtml);
  EXPECT_EQ(form({"text/html"}), kHtml);
  EXPECT_EQ(form({"TEXT/HTML"}), kHtml);
  EXPECT_EQ(form({"text/*"}), kHtml);
}

TEST(Preferred, weighs_qualities) {
  EXPECT_EQ(form({"text/html;q=0.5, application/json;q=0.6"}), kJson);
  EXPECT_EQ(form({"text/html;q=0.61, application/json;q=0.6"}), kHtml);
  EXPECT_EQ(form({"text/html;q=0, */*"}), kJson);
  EXPECT_EQ(form({"application/json;q=0, */*;q=0.1"}), kHtml);
  EXPECT_EQ(form({"application/json; q=0.1", "text/html ; q=0.2"}), kHtml) << "two headers";
  EXPECT_EQ(form({"text/html;level=1;q=0.3, application/json;q=0.2"}), kHtml);
}

TEST(Preferred, the_closest_range_speaks_for_a_type) {
  EXPECT_EQ(form({"application/*;q=0.1, application/json;q=0.9, text/html;q=0.5"}), kJson);
  EXPECT_EQ(form({"*/*;q=1, application/*;q=0.2, text/html;q=0.5"}), kHtml);
}

TEST(Preferred, survives_nonsense) {
  EXPECT_EQ(form({""}), kJson);
  EXPECT_EQ(form({",;,=;q"}), kJson);
  EXPECT_EQ(form({"image/png"}), kJson) << "neither would do: better ours than none";
  EXPECT_EQ(form({"text/html;q=nonsense"}), kHtml);
  EXPECT_EQ(form({"text/html;q=1.5, application/json;q=0.99999"}), kHtml);
}

}  // namespace
}  // namespace outrigger::admin
