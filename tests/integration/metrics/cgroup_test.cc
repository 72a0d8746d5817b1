// In a real control group with a memory limit the memory metrics speak of the group, not of the
// machine. Version 1 here; cgroup2_test.py has version 2.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <cmath>
#include <cstdio>

#include "memory_cgroup.h"
#include "watched.h"

namespace outrigger::whole {
namespace {

constexpr int64_t kMegabyte = 1 << 20;

class InCgroup : public testing::Test {
 protected:
  static std::vector<std::string> arguments() {
    return {"run",      "--logs",      "stdout-json", "--metrics",  "none",
            "--listen", "127.0.0.1:0", "--admin",     "127.0.0.1:0"};
  }
  static StartOptions within(const MemoryCgroup& group) {
    StartOptions options;
    options.in_child = [&group] { group.enter(); };
    return options;
  }
  static double metric(Program& program, const char* name) {
    return sample_of(metrics_page(program.admin_port()), name).value_or(NAN);
  }
  // What the group's own files say, of its limit.
  static double used_ratio(const MemoryCgroup& group) {
    return static_cast<double>(group.number("memory.usage_in_bytes") -
                               group.number("memory.stat", "total_inactive_file")) /
           static_cast<double>(group.number("memory.limit_in_bytes"));
  }
};

TEST_F(InCgroup, memory_is_that_of_the_group) {
  const MemoryCgroup group(300 * kMegabyte);
  if (!group) GTEST_SKIP() << "no memory cgroup of version 1 can be made here";
  Program program(WORKER, arguments(), within(group));
  ASSERT_TRUE(eventually(kPatience, [&] {
    return metric(program, "memory_limit_bytes") == 300.0 * kMegabyte;
  })) << metrics_page(program.admin_port());
  const double before = metric(program, "memory_used_ratio");
  EXPECT_NEAR(before, used_ratio(group), 0.05);
  ASSERT_EQ(
      http(program.service_port(), "/hold?bytes=" + std::to_string(150 * kMegabyte), "POST").status,
      200);
  // Half of the limit is more now, and next to nothing of the machine.
  ASSERT_TRUE(eventually(kPatience, [&] {
    return metric(program, "memory_used_ratio") > before + 0.45;
  })) << metric(program, "memory_used_ratio");
  const double now = metric(program, "memory_used_ratio");
  EXPECT_NEAR(now, used_ratio(group), 0.05);
  EXPECT_NEAR(metric(program, "service_memory_bytes"), 150.0 * kMegabyte, 60.0 * kMegabyte);
  printf(
      "limit %.0f MB, used %.3f before and %.3f after 150 MB; its files say %.3f, of the machine "
      "%.3f\n",
      metric(program, "memory_limit_bytes") / static_cast<double>(kMegabyte), before, now,
      used_ratio(group), metric(program, "host_memory_used_ratio"));
  EXPECT_EQ(metric(program, "oom_kills_total"), 0);
}

TEST_F(InCgroup, a_tighter_limit_further_up_holds) {
  const MemoryCgroup outer(300 * kMegabyte);
  if (!outer) GTEST_SKIP() << "no memory cgroup of version 1 can be made here";
  const MemoryCgroup inner(400 * kMegabyte, outer);
  ASSERT_TRUE(inner);
  Program program(WORKER, arguments(), within(inner));
  EXPECT_TRUE(eventually(kPatience, [&] {
    return metric(program, "memory_limit_bytes") == 300.0 * kMegabyte;
  })) << metrics_page(program.admin_port());
}

}  // namespace
}  // namespace outrigger::whole
