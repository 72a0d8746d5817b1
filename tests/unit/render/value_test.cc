#include "render/value.h"

#include <gtest/gtest.h>

#include "lines.h"

namespace outrigger::render {
namespace {

using internal::ArgumentType;

TEST(Values, message_and_fields_keep_their_types) {
  Rendering r;
  r.made.begin(2, "{a} {} {b} {c} {d} {e}", {});
  r.made.add("line\nfeed\xff");
  r.made.add("unnamed");
  r.made.add(ArgumentType::kBool, 1);
  r.made.add(ArgumentType::kSigned, static_cast<uint64_t>(-3));
  r.made.add(ArgumentType::kFloat, std::bit_cast<uint32_t>(1.5f));
  r.made.add(ArgumentType::kSeconds, 2);
  const Entry entry = r.entry();
  EXPECT_EQ(message_of(entry), "line\nfeed\xef\xbf\xbd unnamed true -3 1.5 2s");
  const auto fields = fields_of(entry);
  ASSERT_EQ(fields.size(), 5u);
  EXPECT_EQ(std::get<std::string>(fields[0].second), "line\nfeed\xef\xbf\xbd");
  EXPECT_EQ(std::get<bool>(fields[1].second), true);
  EXPECT_EQ(std::get<int64_t>(fields[2].second), -3);
  EXPECT_EQ(std::get<double>(fields[3].second), 1.5);
  EXPECT_EQ(fields[4].first, "e");
  EXPECT_EQ(std::get<std::string>(fields[4].second), "2s");
}

}  // namespace
}  // namespace outrigger::render
