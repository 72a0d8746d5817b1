#include "pprof/labels.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>

namespace outrigger::pprof {
namespace {

Labels read(std::string_view bytes) {
  auto sample = std::make_unique<segment::Sample>();
  memcpy(sample->labels.data(), bytes.data(), bytes.size());
  sample->label_bytes = static_cast<uint32_t>(bytes.size());
  return labels_of(*sample);
}

TEST(LabelsOfASample, are_read_and_the_innermost_of_one_key_counts) {
  EXPECT_EQ(read("\x01\x02k12\x01\x01x3\x01\x01k4"), (Labels{{"k", "4"}, {"x", "3"}}));
  EXPECT_EQ(read(std::string_view("\x01\x00k", 3)), (Labels{{"k", ""}}));
}

TEST(LabelsOfASample, that_lie_about_their_sizes_end_there) {
  EXPECT_EQ(read("\x01\x01k1\x05\xffno"), (Labels{{"k", "1"}}));
  EXPECT_EQ(read("\x05"), Labels());
  EXPECT_EQ(read(""), Labels());
  EXPECT_EQ(read("\x01\x02k\n\x7f"), (Labels{{"k", "??"}}));
}

TEST(LabelSets, are_numbered_once_up_to_their_bound) {
  LabelSets sets;
  EXPECT_EQ(sets.add({}), 0u);
  EXPECT_EQ(sets.add({{"a", "1"}}), 1u);
  EXPECT_EQ(sets.add({{"a", "2"}}), 2u);
  EXPECT_EQ(sets.add({{"a", "1"}}), 1u);
  for (size_t i = 0; i < LabelSets::kMax; ++i) sets.add({{"b", std::to_string(i)}});
  EXPECT_EQ(sets.all().size(), LabelSets::kMax);
  EXPECT_EQ(sets.refused(), 3u);
  EXPECT_EQ(sets.add({{"c", "1"}}), 0u);
  EXPECT_EQ(sets.add({{"a", "2"}}), 2u);
}

}  // namespace
}  // namespace outrigger::pprof
