// What each type of argument becomes in a record.
#define FMT_HEADER_ONLY
#include <fmt/format.h>

#include <chrono>
#include <stdexcept>

#include "ring_fixture.h"

struct Point {
  int x, y;
};
template <>
struct fmt::formatter<Point> {
  bool swapped = false;
  constexpr auto parse(format_parse_context& context) {
    auto it = context.begin();
    if (it != context.end() && *it == 's') {
      swapped = true;
      ++it;
    }
    return it;
  }
  auto format(const Point& p, format_context& context) const {
    if (p.x == 13) throw std::runtime_error("unlucky");
    return swapped ? fmt::format_to(context.out(), "({},{})", p.y, p.x)
                   : fmt::format_to(context.out(), "({},{})", p.x, p.y);
  }
};
enum class Colour : uint8_t { kRed = 3 };

namespace outrigger {
namespace {

using internal::Argument;
using internal::ArgumentType;
using namespace std::chrono_literals;

static_assert(Argument<bool>::kType == ArgumentType::kBool);
static_assert(Argument<char>::kType == ArgumentType::kChar);
static_assert(Argument<short>::kType == ArgumentType::kSigned);
static_assert(Argument<unsigned long long>::kType == ArgumentType::kUnsigned);
static_assert(Argument<float>::kType == ArgumentType::kFloat);
static_assert(Argument<Colour>::kType == ArgumentType::kUnsigned);
static_assert(Argument<const char*>::kType == ArgumentType::kText);
static_assert(Argument<char[6]>::kType == ArgumentType::kText);
static_assert(Argument<std::string_view>::kType == ArgumentType::kText);
static_assert(Argument<void*>::kType == ArgumentType::kPointer);
static_assert(Argument<std::chrono::milliseconds>::kType == ArgumentType::kMilliseconds);
static_assert(Argument<std::chrono::system_clock::time_point>::kType == ArgumentType::kTime);
static_assert(Argument<Point>::kType == ArgumentType::kFormatted);

class ArgumentTest : public RingFixture {};

TEST_F(ArgumentTest, words_hold_the_values) {
  const auto at = std::chrono::system_clock::time_point(1500ms);
  log::info("{} {} {} {} {} {} {}", true, 'c', -5, Colour::kRed, 1.5f, 250ms, at);
  const auto records = read_all();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].word(0), 1u);
  EXPECT_EQ(records[0].word(1), static_cast<uint64_t>('c'));
  EXPECT_EQ(static_cast<int64_t>(records[0].word(2)), -5);
  EXPECT_EQ(records[0].word(3), 3u);
  EXPECT_EQ(records[0].word(4), std::bit_cast<uint32_t>(1.5f));
  EXPECT_EQ(records[0].word(5), 250u);
  EXPECT_EQ(records[0].word(6), 1'500'000'000u);
}

TEST_F(ArgumentTest, a_null_text_is_no_crash) {
  const char* nothing = nullptr;
  log::info("{}", nothing);
  log::info("{}", std::string_view());
  const auto records = read_all();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].text_after(1).substr(0, 6), "(null)");
  EXPECT_EQ(records[1].word(0), 0u);
}

TEST_F(ArgumentTest, other_types_are_formatted_at_the_call_with_their_spec) {
  log::info("at {point} or {other:s} n {n}", Point{1, 2}, Point{1, 2}, 9);
  const auto records = read_all();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].word(0), 5u);
  EXPECT_EQ(records[0].word(2), 9u);
  EXPECT_EQ(records[0].text_after(3).substr(0, 10), "(1,2)(2,1)");
}

TEST_F(ArgumentTest, a_formatter_that_throws_is_counted) {
  log::info("at {point}", Point{13, 0});
  const auto records = read_all();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].text_after(1).substr(0, 7), "<error>");
  EXPECT_EQ(view_.service().format_failures.load(), 1u);
}

TEST(FieldSpec, finds_the_spec_of_each_field) {
  EXPECT_EQ(internal::field_spec("{{}} {a:>8} {b} {:x}", 0), ">8");
  EXPECT_EQ(internal::field_spec("{{}} {a:>8} {b} {:x}", 1), "");
  EXPECT_EQ(internal::field_spec("{{}} {a:>8} {b} {:x}", 2), "x");
  EXPECT_EQ(internal::field_spec("{a", 3), "");
}

}  // namespace
}  // namespace outrigger
