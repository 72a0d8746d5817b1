// Texts as kernels write them, and texts as they do not.
#include <gtest/gtest.h>

#include "system/cpu.h"
#include "system/disk.h"
#include "system/memory.h"
#include "system/network.h"
#include "system/process.h"
#include "system/text.h"

namespace outrigger::system {
namespace {

TEST(SystemText, a_number_stands_behind_its_key_at_a_line_s_begin) {
  const std::string text = "MemTotal:        4025372 kB\nMemFree: 12 kB\nXMemFree: 13\n";
  EXPECT_EQ(number_after(text, "MemTotal:"), 4025372);
  EXPECT_EQ(number_after(text, "MemFree:"), 12);
  EXPECT_EQ(number_after(text, "Mem"), std::nullopt);
  EXPECT_EQ(number_after("oom_kill_disable 0\noom_kill 3\n", "oom_kill"), 3);
  EXPECT_EQ(number_after("key", "key"), std::nullopt);
  EXPECT_EQ(number_after("key max", "key"), std::nullopt);
  EXPECT_EQ(number_after("", "key"), std::nullopt);
}

TEST(SystemText, pressure_is_the_time_in_which_some_waited) {
  EXPECT_EQ(pressure_us("some avg10=0.22 avg60=0.17 avg300=1.11 total=58761459\n"
                        "full avg10=0.00 avg60=0.00 avg300=0.00 total=5\n"),
            58761459);
  EXPECT_EQ(pressure_us("full avg10=0.00 total=5\n"), std::nullopt);
  EXPECT_EQ(pressure_us(""), std::nullopt);
}

TEST(SystemText, what_is_not_there_is_empty) {
  EXPECT_EQ(small_file("/nowhere/at/all"), "");
  EXPECT_EQ(small_file("/"), "");
  EXPECT_EQ(leading_number("nan"), std::nullopt);
  EXPECT_EQ(leading_number("1e999"), std::nullopt);
}

TEST(SystemCpu, the_machine_s_time) {
  Cpu cpu;
  read_stat(
      "cpu  100 0 50 800 50 0 0 0 20 0\ncpu0 50 0 25 400 25 0 0 0 10 0\ncpu1 0 0 0 0\nintr 5\n",
      cpu);
  EXPECT_EQ(cpu.host_processors, 2);
  EXPECT_DOUBLE_EQ(*cpu.host_busy_s / *cpu.host_all_s, 0.15);
  for (const char* odd : {"", "cpu", "cpu ", "cpu x y z", "cpu 1 2", "cpu\ncpu\ncpu"}) {
    Cpu nothing;
    read_stat(odd, nothing);
    EXPECT_FALSE(nothing.host_busy_s.has_value()) << odd;
  }
}

TEST(SystemCpu, a_quota_is_a_part_of_a_processor) {
  EXPECT_EQ(quota_of("50000 100000\n"), 0.5);
  EXPECT_EQ(quota_of("max 100000\n"), std::nullopt);
  for (const char* odd : {"", "5", "-1 100", "1 0", "a b"}) EXPECT_EQ(quota_of(odd), std::nullopt);
}

TEST(SystemMemory, what_the_machine_has) {
  Memory memory;
  read_meminfo("MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 400 kB\n", memory);
  EXPECT_EQ(memory.host_bytes, 1024'000);
  EXPECT_EQ(memory.host_used_bytes, 600 * 1024);
  Memory old;
  read_meminfo("MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 50 kB\nCached: 150 kB\n", old);
  EXPECT_EQ(old.host_used_bytes, 700 * 1024);
  Memory odd;
  read_meminfo("MemTotal: -5 kB\n", odd);
  EXPECT_FALSE(odd.host_bytes.has_value());
}

TEST(SystemNetwork, real_interfaces_add_up) {
  const std::string text =
      "Inter-|   Receive                                                |  Transmit\n"
      " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs "
      "drop "
      "fifo colls carrier compressed\n"
      "    lo: 900 9 0 0 0 0 0 0 900 9 0 0 0 0 0 0\n"
      "  eth0: 1000 10 1 2 0 0 0 0 2000 20 3 4 0 0 0 0\n"
      "  eth1:5 1 0 0 0 0 0 0 6 1 0 0 0 0 0 0\n"
      "veth12: 77 1 0 0 0 0 0 0 88 1 0 0 0 0 0 0\n"
      "broken: 1 2 3\n";
  const auto network = parse_net_dev(text);
  ASSERT_TRUE(network.has_value());
  EXPECT_EQ(network->received_bytes, 1005);
  EXPECT_EQ(network->sent_bytes, 2006);
  EXPECT_EQ(network->errors, 10);
  EXPECT_FALSE(parse_net_dev("something else").has_value());
}

TEST(SystemDisk, io_adds_up_over_devices) {
  Disk two;
  add_io_stat("8:0 rbytes=100 wbytes=200 rios=1 wios=2\n8:16 rbytes=1 wbytes=2\n7:0\n", two);
  EXPECT_EQ(two.read_bytes, 101);
  EXPECT_EQ(two.written_bytes, 202);
  Disk one;
  add_blkio("8:0 Read 10\n8:0 Write 20\n8:0 Sync 30\n8:0 Total 30\nTotal 30\n", one);
  EXPECT_EQ(one.read_bytes, 10);
  EXPECT_EQ(one.written_bytes, 20);
  Disk whole;
  add_diskstats(
      "   8       0 sda 1 2 4 5 6 7 8 9 10 11 12\n   8       1 sda1 1 2 4 5 6 7 8 9 10 11\n",
      [](const Places&, std::string_view name) { return name == "sda"; }, {}, whole);
  EXPECT_EQ(whole.read_bytes, 4 * 512);
  EXPECT_EQ(whole.written_bytes, 8 * 512);
  Disk none;
  add_io_stat("", none);
  EXPECT_FALSE(none.read_bytes.has_value());
}

TEST(SystemProcess, a_name_may_hold_anything) {
  char state = 0;
  const auto fields = parse_stat("77 (a) b (c) R 1 2 3", state);
  EXPECT_EQ(state, 'R');
  EXPECT_EQ(fields, (std::vector<double>{1, 2, 3}));
  for (const char* odd : {"", "77 (a", "77 (a)", "77 (a) ", ")", "))))"}) parse_stat(odd, state);
}

TEST(SystemProcess, this_one_is_there_and_an_ended_one_is_not) {
  const auto own = read_process({}, getpid());
  ASSERT_TRUE(own.has_value());
  EXPECT_GT(own->resident_bytes, 100'000);
  EXPECT_GE(own->threads, 1);
  EXPECT_GT(own->context_switches, 0);
  EXPECT_GE(own->open_fds.value_or(0), 3);
  EXPECT_FALSE(read_process({}, 0).has_value());
  EXPECT_FALSE(read_process({.proc = "/nowhere"}, getpid()).has_value());
}

}  // namespace
}  // namespace outrigger::system
