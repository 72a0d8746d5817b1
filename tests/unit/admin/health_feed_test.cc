#include "admin/health_feed.h"

#include <gtest/gtest.h>

#include <vector>

#include "fake_source.h"

namespace outrigger::admin {
namespace {

using Turn = http::Feed::Turn;

class HealthFeedTest : public testing::Test {
 protected:
  HealthFeedTest() { source_.report.service = "prober"; }
  std::shared_ptr<http::Feed> open(Trust trust) { return feeds_->open(trust).feed; }

  FakeSource source_;
  const std::shared_ptr<HealthFeeds> feeds_ = std::make_shared<HealthFeeds>(source_);
};

// A last turn looks at once, where the next one may be too soon after the one before.
TEST_F(HealthFeedTest, says_the_state_at_once_and_again_only_when_it_has_changed) {
  const auto feed = open(Trust::kInsider);
  const auto first = feed->next(Turn::kNext);
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->starts_with("retry: 1000\ndata: {\"status\":\"pass\"")) << *first;
  EXPECT_TRUE(first->ends_with("}\n\n")) << *first;
  EXPECT_NE(first->find("\"service\":\"prober\""), std::string::npos);
  EXPECT_FALSE(feed->next(Turn::kNext));
  source_.report.now_ns += 1'000'000'000;
  source_.report.process.beat_age_ms = 7;
  EXPECT_TRUE(feed->next(Turn::kLast)) << "there was no beat before";
  source_.report.now_ns += 1'000'000'000;
  source_.report.process.beat_age_ms = 8;
  EXPECT_FALSE(feed->next(Turn::kLast)) << "only time has passed";
  source_.report.process.state = ProcessState::kExited;
  source_.report.process.ended = "killed by signal 9 (SIGKILL)";
  const auto last = feed->next(Turn::kLast);
  ASSERT_TRUE(last);
  EXPECT_TRUE(last->starts_with("data: {\"status\":\"fail\"")) << *last;
  EXPECT_NE(last->find("SIGKILL"), std::string::npos);
}

TEST_F(HealthFeedTest, each_page_gets_every_change_and_a_late_one_the_present) {
  const auto early = open(Trust::kInsider);
  EXPECT_TRUE(early->next(Turn::kNext));
  source_.report.version = "1.2";
  EXPECT_TRUE(early->next(Turn::kLast));
  const auto late = open(Trust::kInsider);
  const auto present = late->next(Turn::kNext);
  ASSERT_TRUE(present);
  EXPECT_NE(present->find("\"version\":\"1.2\""), std::string::npos);
  source_.report.version = "1.3";
  EXPECT_TRUE(early->next(Turn::kLast));
  EXPECT_TRUE(late->next(Turn::kNext)) << "one look serves all";
}

TEST_F(HealthFeedTest, a_stranger_hears_no_more_than_the_contract_allows) {
  source_.report.process.pid = 4711;
  const auto insider = open(Trust::kInsider);
  const auto stranger = open(Trust::kStranger);
  const auto message = stranger->next(Turn::kNext);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->find("prober"), std::string::npos) << *message;
  EXPECT_NE(insider->next(Turn::kNext)->find("prober"), std::string::npos);
  source_.report.process.pid = 4712;
  EXPECT_FALSE(stranger->next(Turn::kLast)) << "nothing that it may know has changed";
  EXPECT_TRUE(insider->next(Turn::kLast));
}

TEST_F(HealthFeedTest, their_number_is_bounded_and_strangers_take_no_place_of_others) {
  std::vector<std::shared_ptr<http::Feed>> strangers;
  for (int i = 0; i < HealthFeeds::kStrangersMax; ++i) strangers.push_back(open(Trust::kStranger));
  EXPECT_EQ(feeds_->open(Trust::kStranger).status, 503);
  std::vector<std::shared_ptr<http::Feed>> insiders;
  for (int i = 0; i < HealthFeeds::kInsidersMax; ++i) {
    insiders.push_back(open(Trust::kInsider));
    EXPECT_NE(insiders.back(), nullptr) << i;
  }
  EXPECT_EQ(feeds_->open(Trust::kInsider).status, 503);
  insiders.pop_back();
  EXPECT_NE(open(Trust::kInsider), nullptr);
}

}  // namespace
}  // namespace outrigger::admin
