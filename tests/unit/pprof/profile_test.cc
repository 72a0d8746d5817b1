#include "pprof/profile.h"

#include <gtest/gtest.h>

#include <vector>

#include "pprof/proto.h"

namespace outrigger::pprof {
namespace {

TEST(Stacks, of_the_same_addresses_and_label_are_summed) {
  Stacks stacks;
  const std::vector<uint64_t> a{1, 2, 3};
  const std::vector<uint64_t> b{1, 2};
  stacks.add(a, 0, {1, 10});
  stacks.add(b, 0, {1, 5});
  stacks.add(a, 0, {1, 7});
  stacks.add(a, 1, {1, 100});
  ASSERT_EQ(stacks.all().size(), 3u);
  EXPECT_EQ(stacks.all()[0].values[0], 2);
  EXPECT_EQ(stacks.all()[0].values[1], 17);
  EXPECT_EQ(stacks.all()[2].label, 1u);
  EXPECT_EQ(stacks.addresses(stacks.all()[1]).size(), 2u);
  EXPECT_EQ(stacks.addresses(stacks.all()[1])[1], 2u);
}

TEST(Stacks, beyond_the_bound_are_counted) {
  Stacks stacks;
  for (uint64_t i = 0; i < kStacksMax + 10; ++i) stacks.add(std::vector{i}, 0, {1});
  EXPECT_EQ(stacks.all().size(), kStacksMax);
  EXPECT_EQ(stacks.refused(), 10u);
  stacks.add(std::vector{uint64_t{5}}, 0, {1});  // a known one has its place
  EXPECT_EQ(stacks.all()[5].values[0], 2);
}

TEST(Proto, writes_varints_and_lengths) {
  ProtoWriter writer;
  writer.number(1, 300);
  writer.number(2, 0);
  writer.bytes(3, "ab");
  EXPECT_EQ(writer.text(), std::string("\x08\xac\x02\x1a\x02"
                                       "ab"));
}

TEST(Proto, gzips) {
  const std::string bytes = gzipped(std::string(1000, 'x'));
  ASSERT_GT(bytes.size(), 10u);
  EXPECT_EQ(bytes.substr(0, 2), "\x1f\x8b");
  EXPECT_LT(bytes.size(), 100u);
}

}  // namespace
}  // namespace outrigger::pprof
