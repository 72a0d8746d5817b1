#include "profile/labels.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "outrigger/profile.h"
#include "segment/samples.h"

namespace outrigger::profile {
namespace {

std::string now() {
  std::string text(segment::kLabelBytesMax, '\0');
  text.resize(copy_labels(text.data()));
  return text;
}

TEST(Labels, nest_and_end_with_their_scopes) {
  EXPECT_EQ(now(), "");
  {
    const auto outer = label("a", "1");
    EXPECT_EQ(now(),
              "\x01\x01"
              "a1");
    {
      const auto inner = label("b", "22");
      EXPECT_EQ(now(),
                "\x01\x01"
                "a1\x01\x02"
                "b22");
    }
    std::thread([] { EXPECT_EQ(now(), ""); }).join();
    EXPECT_EQ(now(),
              "\x01\x01"
              "a1");
  }
  EXPECT_EQ(now(), "");
}

TEST(Labels, that_are_too_long_are_cut_and_those_without_room_left_out) {
  const auto cut = label(std::string(100, 'k'), std::string(300, 'v'));
  EXPECT_EQ(now(), "\x3f\x7f" + std::string(63, 'k') + std::string(127, 'v'));
  const auto second = label("k", std::string(127, 'v'));
  const auto third = label("k", std::string(127, 'v'));
  const size_t full = now().size();
  EXPECT_EQ(full, 192u + 130 + 130);
  const auto without_room = label("k", std::string(127, 'v'));
  EXPECT_EQ(now().size(), full);
  const auto without_key = label("", "v");
  EXPECT_EQ(now().size(), full);
}

TEST(Labels, that_end_on_another_thread_spoil_nothing) {
  std::thread([] {
    auto* const lost = new Label("a", "1");
    std::thread([&] {
      const auto own = label("b", "2");
      delete lost;
      EXPECT_EQ(now(), "");
    }).join();
    EXPECT_EQ(now().size(), 4u);
    { const auto next = label("c", "3"); }
    EXPECT_EQ(now().size(), 4u);
  }).join();
  EXPECT_EQ(now(), "");
}

}  // namespace
}  // namespace outrigger::profile
