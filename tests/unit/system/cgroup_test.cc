// Control groups of both versions, in trees as machines and containers show them.
#include "system/cgroup.h"

#include <gtest/gtest.h>

#include "system/cpu.h"
#include "system/memory.h"
#include "tree.h"

namespace outrigger::system {
namespace {

constexpr char kMeminfo[] = "MemTotal: 1000000 kB\nMemFree: 1 kB\nMemAvailable: 600000 kB\n";
constexpr double kMb = 1'000'000;

TEST(Cgroup, the_path_is_found_in_either_version) {
  Cgroup::Version version;
  EXPECT_EQ(cgroup_path("0::/user.slice/a\n", "memory", version), "/user.slice/a");
  EXPECT_EQ(version, Cgroup::Version::k2);
  EXPECT_EQ(cgroup_path("4:memory:/a/b\n3:cpu,cpuacct:/c\n0::/d\n", "memory", version), "/a/b");
  EXPECT_EQ(version, Cgroup::Version::k1);
  EXPECT_EQ(cgroup_path("4:memory:/a/b\n3:cpu,cpuacct:/c\n0::/d\n", "cpuacct", version), "/c");
  EXPECT_EQ(cgroup_path("4:memory:/a/b\n0::/d\n", "io", version), "/d");
  EXPECT_EQ(version, Cgroup::Version::k2);
  EXPECT_EQ(cgroup_path("0::/\n", "memory", version), "");
  EXPECT_EQ(cgroup_path("0::/../outside\n", "memory", version), "");
  EXPECT_EQ(cgroup_path("4:memory\n::\nx\n", "memory", version), "");
  EXPECT_EQ(version, Cgroup::Version::kNone);
}

TEST(Cgroup, version_2_speaks_of_the_limit_and_not_of_the_machine) {
  Tree tree;
  tree.file("proc/meminfo", kMeminfo)
      .file("proc/self/cgroup", "0::/service\n")
      .file("proc/stat", "cpu 1 1 1 1 1\ncpu0 1\ncpu1 1\ncpu2 1\ncpu3 1\n")
      .file("cgroup/cgroup.controllers", "cpu memory\n")
      .file("cgroup/cgroup.procs", "")
      .file("cgroup/service/cgroup.procs", "")
      .file("cgroup/service/memory.max", "100000000\n")
      .file("cgroup/service/memory.current", "60000000\n")
      .file("cgroup/service/memory.stat", "anon 1\ninactive_file 10000000\n")
      .file("cgroup/service/memory.events", "low 0\noom 4\noom_kill 3\n")
      .file("cgroup/service/memory.pressure", "some avg10=0.00 total=77\n")
      .file("cgroup/service/cpu.max", "50000 100000\n")
      .file("cgroup/service/cpu.stat", "usage_usec 2500000\nnr_periods 10\nnr_throttled 4\n");
  const Memory memory = read_memory(tree.places());
  EXPECT_TRUE(memory.is_limited);
  EXPECT_EQ(memory.limit_bytes, 100 * kMb);
  EXPECT_EQ(memory.used_bytes, 50 * kMb);
  EXPECT_EQ(memory.oom_kills, 3);
  EXPECT_EQ(memory.pressure_us, 77);
  EXPECT_EQ(memory.host_bytes, 1'000'000.0 * 1024);
  const Cpu cpu = read_cpu(tree.places());
  EXPECT_EQ(cpu.processors, 0.5);
  EXPECT_EQ(cpu.group_s, 2.5);
  EXPECT_EQ(cpu.throttled_periods, 4);
}

TEST(Cgroup, version_1_speaks_of_the_limit_and_not_of_the_machine) {
  Tree tree;
  tree.file("proc/meminfo", kMeminfo)
      .file("proc/self/cgroup", "4:memory:/docker/abc\n2:cpuacct:/docker/abc\n1:cpu:/docker/abc\n")
      .file("proc/stat", "cpu 1 1 1 1 1\ncpu0 1\ncpu1 1\n")
      .file("cgroup/memory/cgroup.procs", "")
      .file("cgroup/memory/docker/abc/cgroup.procs", "")
      .file("cgroup/memory/docker/abc/memory.limit_in_bytes", "200000000\n")
      .file("cgroup/memory/docker/abc/memory.usage_in_bytes", "90000000\n")
      .file("cgroup/memory/docker/abc/memory.stat",
            "inactive_file 1\ntotal_inactive_file 40000000\n")
      .file("cgroup/memory/docker/abc/memory.oom_control", "oom_kill_disable 0\noom_kill 2\n")
      .file("cgroup/cpu/cgroup.procs", "")
      .file("cgroup/cpu/docker/abc/cgroup.procs", "")
      .file("cgroup/cpu/docker/abc/cpu.cfs_quota_us", "25000\n")
      .file("cgroup/cpu/docker/abc/cpu.cfs_period_us", "100000\n")
      .file("cgroup/cpuacct/cgroup.procs", "")
      .file("cgroup/cpuacct/docker/abc/cgroup.procs", "")
      .file("cgroup/cpuacct/docker/abc/cpuacct.usage", "1500000000\n");
  const Memory memory = read_memory(tree.places());
  EXPECT_EQ(memory.limit_bytes, 200 * kMb);
  EXPECT_EQ(memory.used_bytes, 50 * kMb);
  EXPECT_EQ(memory.oom_kills, 2);
  const Cpu cpu = read_cpu(tree.places());
  EXPECT_EQ(cpu.processors, 0.25);
  EXPECT_EQ(cpu.group_s, 1.5);
}

TEST(Cgroup, inside_a_container_the_mount_itself_is_the_group) {
  Tree tree;
  tree.file("proc/meminfo", kMeminfo)
      .file("proc/self/cgroup", "4:memory:/docker/not-visible-from-here\n")
      .file("cgroup/memory/cgroup.procs", "")
      .file("cgroup/memory/memory.limit_in_bytes", "50000000\n")
      .file("cgroup/memory/memory.usage_in_bytes", "40000000\n");
  EXPECT_EQ(read_memory(tree.places()).limit_bytes, 50 * kMb);
}

TEST(Cgroup, the_group_in_which_least_is_left_counts) {
  Tree tree;
  tree.file("proc/meminfo", kMeminfo)
      .file("proc/self/cgroup", "0::/slice/service\n")
      .file("cgroup/cgroup.controllers", "")
      .file("cgroup/cgroup.procs", "")
      .file("cgroup/slice/cgroup.procs", "")
      .file("cgroup/slice/memory.max", "300000000\n")
      .file("cgroup/slice/memory.current", "290000000\n")
      .file("cgroup/slice/service/cgroup.procs", "")
      .file("cgroup/slice/service/memory.max", "200000000\n")
      .file("cgroup/slice/service/memory.current", "100000000\n");
  const Memory memory = read_memory(tree.places());
  EXPECT_EQ(memory.limit_bytes, 300 * kMb);
  EXPECT_EQ(memory.used_bytes, 290 * kMb);
}

TEST(Cgroup, without_a_limit_it_is_the_machine) {
  Tree tree;
  tree.file("proc/meminfo", kMeminfo)
      .file("proc/self/cgroup", "4:memory:/a\n")
      .file("cgroup/memory/cgroup.procs", "")
      .file("cgroup/memory/a/cgroup.procs", "")
      .file("cgroup/memory/a/memory.limit_in_bytes", "9223372036854771712\n")
      .file("cgroup/memory/a/memory.usage_in_bytes", "5\n");
  const Memory memory = read_memory(tree.places());
  EXPECT_FALSE(memory.is_limited);
  EXPECT_EQ(memory.limit_bytes, memory.host_bytes);
  EXPECT_EQ(memory.used_bytes, 400'000.0 * 1024);
}

TEST(Cgroup, without_proc_there_is_nothing_and_nothing_breaks) {
  const Places nowhere{"/nowhere", "/nowhere", "/nowhere"};
  EXPECT_FALSE(read_memory(nowhere).limit_bytes.has_value());
  EXPECT_FALSE(read_cpu(nowhere).host_busy_s.has_value());
  EXPECT_TRUE(find_cgroup(nowhere, "memory").directories.empty());
}

}  // namespace
}  // namespace outrigger::system
