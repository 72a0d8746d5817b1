#include "base/handed_sockets.h"

#include <gtest/gtest.h>

#include <vector>

namespace outrigger::base {
namespace {

std::vector<int> list(const HandedSockets::Descriptors& descriptors) {
  return {descriptors.begin(), descriptors.end()};
}

TEST(HandedSockets, are_the_services_but_for_the_one_named_admin) {
  const HandedSockets handed({"7", "4", "web:admin::admin-not"}, 7);
  EXPECT_EQ(list(handed.service()), (std::vector<int>{3, 5, 6}));
  EXPECT_EQ(list(handed.admin()), (std::vector<int>{4}));
}

TEST(HandedSockets, without_names_are_all_the_services) {
  EXPECT_EQ(list(HandedSockets({"7", "2", nullptr}, 7).service()), (std::vector<int>{3, 4}));
}

TEST(HandedSockets, of_another_process_or_of_a_broken_variable_are_none) {
  for (const char* pid : {"8", "", "7x", "-7", static_cast<const char*>(nullptr)})
    EXPECT_TRUE(list(HandedSockets({pid, "2", nullptr}, 7).service()).empty());
  for (const char* count : {"", "two", "-1", "0", static_cast<const char*>(nullptr)})
    EXPECT_TRUE(list(HandedSockets({"7", count, nullptr}, 7).service()).empty());
}

TEST(HandedSockets, are_bounded) {
  EXPECT_EQ(HandedSockets({"7", "99999", nullptr}, 7).service().count, kHandedMax);
}

}  // namespace
}  // namespace outrigger::base
