#include "admin/health_feed.h"

#include <optional>
#include <utility>

#include "admin/pages.h"
#include "base/clock.h"
#include "http/message.h"

namespace outrigger::admin {
namespace {

constexpr int64_t kLookNs = 200 * base::kNsPerMs;
// Without any change a message is sent all the same: it has the age of the last beat, and a page that
// hears nothing for long knows that the connection is lost.
constexpr int64_t kAgainNs = 5 * base::kNsPerSecond;
// How soon a browser that has lost the connection tries again.
constexpr std::string_view kRetry = "retry: 1000\n";

// The same for two reports when a page would show the same, but for the time that has passed.
std::string compared(HealthReport report, Trust trust) {
  report.now_ns = report.started_ns;
  if (report.process.beat_age_ms) report.process.beat_age_ms = 0;
  return health_body(report, trust, JsonWriter::Layout::kOneLine);
}

}  // namespace

class HealthFeeds::Stream final : public http::Feed {
 public:
  Stream(std::shared_ptr<HealthFeeds> feeds, Trust trust)
      : feeds_(std::move(feeds)), trust_(trust) {
    ++feeds_->said(trust_).open;
  }
  ~Stream() override { --feeds_->said(trust_).open; }

  std::optional<std::string> next(Turn turn) override {
    const Said& said = feeds_->look(trust_, turn);
    if (said.number == sent_) return {};
    const bool is_first = std::exchange(sent_, said.number) == 0;
    return is_first ? std::string(kRetry) + said.message : said.message;
  }

 private:
  const std::shared_ptr<HealthFeeds> feeds_;
  const Trust trust_;
  uint64_t sent_ = 0;
};

http::ServerResponse HealthFeeds::open(Trust trust) {
  const int most = trust == Trust::kInsider ? kInsidersMax : kStrangersMax;
  if (said(trust).open >= most)
    return http::error_response(503, "as many pages are open as may be: ask again later");
  // Nobody has looked for those who are trusted like this one.
  if (said(trust).open == 0) {
    looked_ns_ = 0;
    said(trust).compared.clear();
  }
  http::ServerResponse response;
  response.content_type = "text/event-stream";
  response.headers.emplace_back("Vary", "Accept");
  response.feed = std::make_shared<Stream>(shared_from_this(), trust);
  return response;
}

const HealthFeeds::Said& HealthFeeds::look(Trust trust, http::Feed::Turn turn) {
  const int64_t now_ns = base::monotonic_ns();
  if (turn == http::Feed::Turn::kLast || looked_ns_ == 0 || now_ns - looked_ns_ >= kLookNs) {
    looked_ns_ = now_ns;
    const HealthReport report = source_.health();
    for (const Trust each : {Trust::kStranger, Trust::kInsider})
      if (said(each).open > 0) say(report, each, now_ns);
  }
  return said(trust);
}

void HealthFeeds::say(const HealthReport& report, Trust trust, int64_t now_ns) {
  Said& said = this->said(trust);
  std::string now = compared(report, trust);
  if (said.number != 0 && now == said.compared && now_ns - said.at_ns < kAgainNs) return;
  said.compared = std::move(now);
  // One line; the writer puts a line feed behind it, the empty line after that ends the message.
  said.message = "data: " + health_body(report, trust, JsonWriter::Layout::kOneLine) + "\n";
  said.at_ns = now_ns;
  ++said.number;
}

}  // namespace outrigger::admin
