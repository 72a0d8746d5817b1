// What two looks come to.
#include "system/figures.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <set>

namespace outrigger::system {
namespace {

const Figure* find(const std::vector<Figure>& all, const metrics::SystemMetric& metric,
                   const std::string& mount = "") {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Figure& each) {
    return each.metric == metric && each.mount == mount;
  });
  return found == all.end() ? nullptr : &*found;
}
double value(const std::vector<Figure>& all, const metrics::SystemMetric& metric) {
  const Figure* const found = find(all, metric);
  return found == nullptr ? -1 : found->value;
}

Look base() {
  Look look;
  look.at_ns = 1'000'000'000;
  look.cpu.processors = 2;
  look.cpu.host_processors = 2;
  look.cpu.host_all_s = 100;
  look.cpu.host_busy_s = 40;
  look.memory.limit_bytes = 1000;
  look.memory.used_bytes = 250;
  look.network = Network{100, 200, 1};
  look.service = Process{};
  look.service->cpu_seconds = 5;
  look.service->open_fds = 10;
  look.service->max_fds = 1000;
  return look;
}

TEST(SystemFigures, shares_and_counts_are_of_the_time_between) {
  const Look before = base();
  Look now = base();
  now.at_ns += 10'000'000'000;
  now.cpu.host_all_s = 120;
  now.cpu.host_busy_s = 45;
  now.service->cpu_seconds = 6;
  now.network = Network{150, 200, 1};
  const auto all = figures(&before, now);
  EXPECT_DOUBLE_EQ(value(all, metrics::cpu_used_percent), 25);
  EXPECT_DOUBLE_EQ(value(all, metrics::service_cpu_percent), 10);
  EXPECT_DOUBLE_EQ(value(all, metrics::memory_used_percent), 25);
  EXPECT_DOUBLE_EQ(value(all, metrics::network_received), 50);
  EXPECT_DOUBLE_EQ(value(all, metrics::network_sent), 0);
  EXPECT_EQ(find(all, metrics::network_received)->total, 150);
  EXPECT_DOUBLE_EQ(value(all, metrics::open_files_percent), 1);
}

TEST(SystemFigures, a_limited_group_s_processors_are_all_that_there_is) {
  Look before = base(), now = base();
  now.at_ns += 10'000'000'000;
  before.cpu.processors = now.cpu.processors = 0.5;
  before.cpu.group_s = 10;
  now.cpu.group_s = 14;
  EXPECT_DOUBLE_EQ(value(figures(&before, now), metrics::cpu_used_percent), 80);
}

TEST(SystemFigures, the_first_look_has_no_time_and_a_dead_service_no_memory) {
  Look now = base();
  const auto first = figures(nullptr, now);
  EXPECT_EQ(find(first, metrics::cpu_used_percent), nullptr);
  EXPECT_EQ(find(first, metrics::network_sent), nullptr);
  EXPECT_NE(find(first, metrics::memory_used_percent), nullptr);
  const Look before = base();
  now.service.reset();
  now.at_ns += 1'000'000'000;
  const auto all = figures(&before, now);
  EXPECT_EQ(find(all, metrics::service_memory), nullptr);
  EXPECT_EQ(find(all, metrics::service_cpu_percent), nullptr);
}

TEST(SystemFigures, what_goes_back_is_nothing_and_never_negative) {
  const Look before = base();
  Look now = base();
  now.at_ns += 1'000'000'000;
  now.network = Network{0, 0, 0};
  now.service->cpu_seconds = 1;
  for (const Figure& each : figures(&before, now)) EXPECT_GE(each.value, 0) << each.metric.name;
}

TEST(SystemFigures, of_this_very_machine) {
  const Subject subject{{}, getpid(), getpid(), {"/tmp", "/is/not/there"}};
  const Look before = look(subject, 1'000'000'000);
  Look now = look(subject, 2'000'000'000);
  // The kernel counts in hundredths of a second.
  while (now.cpu.host_all_s == before.cpu.host_all_s) now = look(subject, 2'000'000'000);
  const auto all = figures(&before, now);
  for (const auto& metric :
       {metrics::cpu_used_percent, metrics::service_cpu_percent, metrics::memory_used_percent,
        metrics::service_memory, metrics::disk_used_percent, metrics::network_received,
        metrics::network_sent, metrics::open_files_percent})
    EXPECT_NE(find(all, metric), nullptr) << metric.name;
  EXPECT_NE(find(all, metrics::disk_used_percent, "/tmp"), nullptr);
  EXPECT_EQ(find(all, metrics::disk_used_percent, "/is/not/there"), nullptr);
  for (const Figure& each : all) {
    if (each.metric.unit == metrics::Unit::kPercent) {
      EXPECT_GE(each.value, 0) << each.metric.name;
      if (!(each.metric == metrics::service_cpu_percent)) {
        EXPECT_LE(each.value, 100.0) << each.metric.name;
      }
    }
  }
}

TEST(SystemMetrics, have_names_of_their_own) {
  std::set<std::string_view> names;
  for (const auto& each : metrics::kSystemMetrics) EXPECT_TRUE(names.insert(each.name).second);
}

}  // namespace
}  // namespace outrigger::system
