#include "keeper/memory_group.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace outrigger::keeper {
namespace {

// A tree as /sys/fs/cgroup is, in memory.
class MemoryGroupTest : public testing::Test {
 protected:
  MemoryGroupTest() {
    char name[] = "/dev/shm/outrigger-test-XXXXXX";
    root_ = mkdtemp(name);
  }
  ~MemoryGroupTest() override { std::filesystem::remove_all(root_); }
  void put(const std::string& file, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(root_ + file).parent_path());
    std::ofstream(root_ + file) << text;
  }
  std::string root_;
};

TEST_F(MemoryGroupTest, of_version_1_by_its_own_path) {
  put("/memory/shop/memory.limit_in_bytes", "1000\n");
  put("/memory/shop/memory.usage_in_bytes", "950\n");
  put("/memory/shop/memory.stat", "cache 5\ntotal_inactive_file 100\n");
  put("/memory/shop/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
  const MemoryGroup group("9:cpu:/x\n4:memory:/shop\n0::/\n", root_);
  EXPECT_EQ(group.limit_bytes(), 1000u);
  EXPECT_EQ(group.charged_bytes(), 950u);
  EXPECT_EQ(group.used_bytes(), 850u);
  EXPECT_EQ(group.oom_kills(), 3u);
  EXPECT_FALSE(group.dies_together());
}

TEST_F(MemoryGroupTest, of_version_2_as_a_container_sees_it) {
  put("/memory.max", "2000\n");
  put("/memory.current", "1500\n");
  put("/memory.stat", "anon 1\ninactive_file 200\n");
  put("/memory.events", "low 0\nhigh 0\nmax 9\noom 2\noom_kill 1\noom_group_kill 0\n");
  put("/memory.oom.group", "1\n");
  const MemoryGroup group("0::/kubepods/of/the/host\n", root_);
  EXPECT_EQ(group.directory(), root_);
  EXPECT_EQ(group.limit_bytes(), 2000u);
  EXPECT_EQ(group.used_bytes(), 1300u);
  EXPECT_EQ(group.oom_kills(), 1u);
  EXPECT_TRUE(group.dies_together());
}

TEST_F(MemoryGroupTest, without_a_limit_there_is_none) {
  put("/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(MemoryGroup("4:memory:/\n", root_).limit_bytes(), std::nullopt);
  put("/memory.max", "max\n");
  EXPECT_EQ(MemoryGroup("0::/\n", root_ + "/nothing").limit_bytes(), std::nullopt);
}

}  // namespace
}  // namespace outrigger::keeper
