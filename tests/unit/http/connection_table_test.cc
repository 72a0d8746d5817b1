#include "http/connection_table.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <thread>

#include "base/fd.h"

namespace outrigger::http {
namespace {

using namespace std::chrono_literals;
constexpr int64_t kSecond = 1'000'000'000;

struct Pair {
  Pair() {
    int fds[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    ours.reset(fds[0]);
    theirs.reset(fds[1]);
  }
  // Whether a reader of our side would be woken.
  bool woken() const {
    pollfd poll{ours.get(), POLLIN, 0};
    return ::poll(&poll, 1, 0) == 1;
  }
  base::Fd ours;
  base::Fd theirs;
};

ServerLimits small_limits() {
  ServerLimits limits;
  limits.connections = 3;
  limits.header = 5s;
  limits.body = 10s;
  limits.write = 30s;
  limits.keep_alive = 60s;
  return limits;
}

TEST(ConnectionTable, cuts_off_who_is_slow_and_nobody_else) {
  ConnectionTable table(small_limits());
  Pair idle, slow, busy;
  const auto idle_place = table.enter(idle.ours.get(), 0);
  const auto slow_place = table.enter(slow.ours.get(), 0);
  const auto busy_place = table.enter(busy.ours.get(), 0);
  EXPECT_EQ(table.move(slow_place, Phase::kHead, 1 * kSecond), Cut::kNone);
  EXPECT_EQ(table.move(busy_place, Phase::kBusy, 1 * kSecond), Cut::kNone);

  table.sweep(6 * kSecond - 1);
  EXPECT_FALSE(slow.woken());
  table.sweep(6 * kSecond);
  EXPECT_TRUE(slow.woken());
  EXPECT_EQ(table.cut(slow_place), Cut::kSlow);
  EXPECT_FALSE(idle.woken());

  table.sweep(1'000 * kSecond);
  EXPECT_TRUE(idle.woken());
  EXPECT_FALSE(busy.woken()) << "a handler has all the time it wants";
  EXPECT_EQ(table.counts().timed_out, 1u) << "an idle one that is closed is no fault";
  for (const auto place : {idle_place, slow_place, busy_place}) table.leave(place);
  EXPECT_TRUE(table.empty());
}

TEST(ConnectionTable, a_byte_at_a_time_gains_no_time) {
  ConnectionTable table(small_limits());
  Pair pair;
  const auto place = table.enter(pair.ours.get(), 0);
  table.move(place, Phase::kHead, 0);
  // More bytes of the header arrive: no move, so no new deadline.
  table.sweep(5 * kSecond);
  EXPECT_EQ(table.move(place, Phase::kBusy, 5 * kSecond), Cut::kSlow)
      << "too late, though complete";
  EXPECT_EQ(table.move(place, Phase::kLingering, 5 * kSecond), Cut::kNone);
  table.leave(place);
}

TEST(ConnectionTable, a_newcomer_beyond_the_limit_evicts_the_longest_idle) {
  ConnectionTable table(small_limits());
  Pair first, second, third, fourth, fifth;
  const auto a = table.enter(first.ours.get(), 1);
  const auto b = table.enter(second.ours.get(), 2);
  const auto c = table.enter(third.ours.get(), 3);
  table.move(a, Phase::kBusy, 4);
  table.move(a, Phase::kIdle, 5);  // served something: now the youngest
  const auto d = table.enter(fourth.ours.get(), 6);
  EXPECT_TRUE(second.woken());
  EXPECT_FALSE(first.woken());
  const auto e = table.enter(fifth.ours.get(), 7);
  EXPECT_TRUE(third.woken()) << "one that is on its way out is not evicted twice";
  EXPECT_EQ(table.counts().evicted, 2u);
  for (const auto place : {a, b, c, d, e}) table.leave(place);
}

TEST(ConnectionTable, where_none_is_idle_the_slowest_sender_goes) {
  ConnectionTable table(small_limits());
  Pair busy, older, younger;
  const auto a = table.enter(busy.ours.get(), 0);
  const auto b = table.enter(older.ours.get(), 0);
  const auto c = table.enter(younger.ours.get(), 0);
  table.move(a, Phase::kBusy, 1);
  table.move(b, Phase::kHead, 1);
  table.move(c, Phase::kHead, 2);
  table.evict_one();
  EXPECT_TRUE(older.woken());
  EXPECT_FALSE(younger.woken());
  table.evict_one();
  table.evict_one();
  EXPECT_FALSE(busy.woken()) << "a request under way is never evicted";
  for (const auto place : {a, b, c}) table.leave(place);
}

TEST(ConnectionTable, is_overfull_when_many_are_on_their_way_out) {
  ConnectionTable table(small_limits());
  Pair pair;
  std::vector<ConnectionTable::Place> places;
  while (!table.overfull()) places.push_back(table.enter(pair.ours.get(), 0));
  EXPECT_EQ(places.size(), 3u + 64u);
  for (const auto place : places) table.leave(place);
  EXPECT_FALSE(table.overfull());
}

TEST(ConnectionTable, a_drain_waits_for_what_is_under_way) {
  ConnectionTable table(small_limits());
  Pair idle, busy;
  const auto idle_place = table.enter(idle.ours.get(), 0);
  const auto busy_place = table.enter(busy.ours.get(), 0);
  table.move(busy_place, Phase::kBusy, 0);
  table.move(idle_place, Phase::kBusy, 0);
  table.move(idle_place, Phase::kIdle, 0);
  table.begin_drain(0);
  EXPECT_TRUE(table.draining());
  EXPECT_TRUE(idle.woken());
  EXPECT_FALSE(busy.woken());
  EXPECT_FALSE(table.wait_until_quiet(0ms));
  table.leave(idle_place);
  EXPECT_FALSE(table.wait_until_quiet(1ms));
  std::thread finisher([&] {
    EXPECT_EQ(table.move(busy_place, Phase::kIdle, 1), Cut::kDrained);
    table.leave(busy_place);
  });
  EXPECT_TRUE(table.wait_until_quiet(30s));
  finisher.join();
}

TEST(ConnectionTable, a_request_that_had_arrived_can_still_be_read_while_draining) {
  ConnectionTable table(small_limits());
  Pair pair;
  const auto place = table.enter(pair.ours.get(), 0);
  table.move(place, Phase::kBusy, 0);
  table.move(place, Phase::kIdle, 0);
  ASSERT_EQ(write(pair.theirs.get(), "GET", 3), 3);
  table.begin_drain(0);
  char bytes[8];
  EXPECT_EQ(read(pair.ours.get(), bytes, sizeof bytes), 3);
  EXPECT_EQ(table.move(place, Phase::kHead, 0), Cut::kNone);
  EXPECT_EQ(table.move(place, Phase::kBusy, 0), Cut::kNone);
  EXPECT_EQ(table.counts().requests, 2u);
  table.leave(place);
}

TEST(ConnectionTable, who_has_just_connected_has_a_second_for_a_request_while_draining) {
  ConnectionTable table(small_limits());
  Pair first, asked, late;
  const auto asked_place = table.enter(asked.ours.get(), 0);
  table.move(asked_place, Phase::kBusy, 0);
  table.move(asked_place, Phase::kIdle, 0);
  const auto first_place = table.enter(first.ours.get(), 0);
  table.begin_drain(0);
  EXPECT_TRUE(asked.woken());
  EXPECT_FALSE(first.woken());
  const auto late_place = table.enter(late.ours.get(), 500'000'000);
  table.sweep(999'000'000);
  EXPECT_FALSE(first.woken());
  EXPECT_FALSE(table.wait_until_quiet(0ms));
  table.sweep(1'000'000'000);
  EXPECT_TRUE(first.woken());
  EXPECT_FALSE(late.woken());
  EXPECT_EQ(table.move(late_place, Phase::kBusy, 1'400'000'000), Cut::kNone);
  for (const auto place : {asked_place, first_place, late_place}) table.leave(place);
}

}  // namespace
}  // namespace outrigger::http
