#include "render/plan.h"

#include <gtest/gtest.h>

#include <cstring>
#include <source_location>

extern "C" [[gnu::visibility("hidden")]] const char __ehdr_start[];

namespace outrigger::render {
namespace {

using internal::ArgumentType;

uint32_t offset_of(const void* address) {
  return static_cast<uint32_t>(static_cast<const char*>(address) - __ehdr_start);
}

std::unique_ptr<Plan> plan_of(std::string_view format, std::vector<ArgumentType> types) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(types.data());
  return make_plan(format, {bytes, types.size()}, {"src/a/probe.cc", 41});
}

std::string literal(const Plan& plan) {
  std::string text;
  for (const Piece& piece : plan.pieces) {
    text += piece.raw;
    if (piece.argument != Piece::kNone) text += '@';
  }
  return text;
}

TEST(Spec, the_whole_grammar) {
  Spec spec;
  ASSERT_TRUE(parse_spec("*^+#012.3e", spec));
  EXPECT_EQ(spec.fill[0], '*');
  EXPECT_EQ(spec.align, '^');
  EXPECT_EQ(spec.sign, '+');
  EXPECT_TRUE(spec.alternate);
  EXPECT_TRUE(spec.zero);
  EXPECT_EQ(spec.width, 12);
  EXPECT_EQ(spec.precision, 3);
  EXPECT_EQ(spec.type, 'e');
}

TEST(Spec, fill_may_be_any_character) {
  Spec spec;
  ASSERT_TRUE(parse_spec("·>8", spec));
  EXPECT_EQ(std::string_view(spec.fill, spec.fill_bytes), "·");
  EXPECT_EQ(spec.width, 8);
  spec = {};
  ASSERT_TRUE(parse_spec("<<4", spec));
  EXPECT_EQ(spec.fill[0], '<');
}

TEST(Spec, beyond_the_grammar_or_the_bounds_is_refused) {
  for (const char* text : {"1025", ".1025", ".", "99999999999999999999", "5dd", "{}", "{<5", "L",
                           "d5", ".-1", "5.x"}) {
    Spec spec;
    const bool parsed = parse_spec(text, spec);
    // A lone letter parses; whether it fits the argument is asked for later.
    EXPECT_EQ(parsed, std::string_view(text) == "L") << text;
  }
}

TEST(Plan, names_and_pieces) {
  const auto plan = plan_of("probed {url} in {ms:.1f} ms {}",
                            {ArgumentType::kText, ArgumentType::kDouble, ArgumentType::kBool});
  EXPECT_EQ(literal(*plan), "probed @ in @ ms @");
  EXPECT_EQ(plan->arguments[0].name, "url");
  EXPECT_EQ(plan->arguments[1].name, "ms");
  EXPECT_EQ(plan->arguments[1].json_name, ",\"ms\":");
  EXPECT_EQ(plan->arguments[2].name, "");
  EXPECT_EQ(plan->source, "probe.cc:41");
}

TEST(Plan, doubled_braces_are_single) {
  EXPECT_EQ(literal(*plan_of("{{}} {} {{{}}}", {ArgumentType::kBool, ArgumentType::kBool})),
            "{} @ {@}");
}

TEST(Plan, a_format_that_cannot_be_parsed_is_shown_as_it_is) {
  for (const char* format : {"{", "}", "a } b", "{x", "{}}", "{{}"}) {
    const auto plan = plan_of(format, {ArgumentType::kSigned});
    EXPECT_EQ(literal(*plan), format);
    EXPECT_EQ(plan->arguments.size(), 1u) << "the record's words are counted by its types";
  }
}

TEST(Plan, fields_without_argument_stay_as_they_are) {
  EXPECT_EQ(literal(*plan_of("{a} {b:5}", {ArgumentType::kBool})), "@ {b:5}");
}

TEST(Plan, reserved_doubled_and_impossible_names) {
  const auto plan =
      plan_of("{time} {x} {x} {9} {a b} {x_}", std::vector<ArgumentType>(6, ArgumentType::kBool));
  EXPECT_EQ(plan->arguments[0].name, "time_");
  EXPECT_EQ(plan->arguments[1].name, "x");
  EXPECT_EQ(plan->arguments[2].name, "x_");
  EXPECT_EQ(plan->arguments[3].name, "");
  EXPECT_EQ(plan->arguments[4].name, "");
  EXPECT_EQ(plan->arguments[5].name, "x__");
}

TEST(Plan, a_spec_that_does_not_fit_is_left_out) {
  const auto plan =
      plan_of("{:.2f} {:d} {:+} {:#} {:s} {:>4}",
              {ArgumentType::kText, ArgumentType::kDouble, ArgumentType::kText,
               ArgumentType::kPointer, ArgumentType::kUnsigned, ArgumentType::kMilliseconds});
  EXPECT_EQ(plan->arguments[0].style, Style::kText);
  EXPECT_EQ(plan->arguments[1].style, Style::kPlain);
  EXPECT_EQ(plan->arguments[2].style, Style::kText);
  EXPECT_EQ(plan->arguments[3].style, Style::kPlain);
  EXPECT_EQ(plan->arguments[4].style, Style::kUnsigned);
  EXPECT_EQ(plan->arguments[5].style, Style::kPadded);
}

TEST(PlanCache, the_same_call_has_one_plan_and_strangers_none) {
  static constexpr char kFormat[] = "a {}";
  static constexpr ArgumentType kTypes[] = {ArgumentType::kBool, ArgumentType::kEnd};
  const auto here = std::source_location::current();
  const void* site;
  memcpy(&site, &here, sizeof(site));
  PlanCache cache(Image::of_program());
  const Plan* const plan = cache.find(offset_of(kFormat), offset_of(site), offset_of(kTypes));
  ASSERT_NE(plan, nullptr);
  EXPECT_EQ(cache.find(offset_of(kFormat), offset_of(site), offset_of(kTypes)), plan);
  EXPECT_EQ(cache.size(), 1u);
  EXPECT_EQ(cache.find(0, 0, 0), nullptr);
  EXPECT_EQ(cache.find(0, offset_of(site), offset_of(kTypes)), nullptr);
  EXPECT_EQ(cache.find(offset_of(kFormat), 0x7fffffff, offset_of(kTypes)), nullptr);
  EXPECT_EQ(cache.size(), 1u);
}

TEST(PlanCache, stays_bounded_and_right_when_it_overflows) {
  const auto here = std::source_location::current();
  const void* site;
  memcpy(&site, &here, sizeof(site));
  static constexpr ArgumentType kTypes[] = {ArgumentType::kEnd};
  static const std::string kLong(kConstantTextMax, 'x');
  PlanCache cache(Image::of_program());
  // Every suffix of the program's constants that is text makes a plan of its own.
  size_t plans = 0;
  for (uint32_t offset = 0; offset < (8u << 20) && plans < 3 * PlanCache::kPlansMax; ++offset) {
    if (cache.find(offset, offset_of(site), offset_of(kTypes)) != nullptr) ++plans;
    ASSERT_LE(cache.size(), PlanCache::kPlansMax);
  }
  EXPECT_GT(plans, PlanCache::kPlansMax);
  for (size_t i = 0; i < 3 * PlanCache::kCopiedPlansMax; ++i) {
    const std::string format = "format " + std::to_string(i);
    EXPECT_EQ(literal(*cache.find_copied(format, {}, {"x.cc", 1})), format);
    ASSERT_LE(cache.size(), PlanCache::kPlansMax + PlanCache::kCopiedPlansMax);
  }
}

}  // namespace
}  // namespace outrigger::render
