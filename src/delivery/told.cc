#include "delivery/told.h"

#include <unistd.h>

#include "aws/cloudformation.h"
#include "aws/logs.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/threads.h"
#include "delivery/files.h"
#include "discovery/discover.h"
#include "discovery/log_place.h"
#include "http/deadline.h"

namespace outrigger::delivery {
namespace {

class Teller {
 public:
  Teller(const Facts& facts, const InitWanted& wanted, const http::Cancel& cancel)
      : facts_(facts), wanted_(wanted), cancel_(cancel), here_(access_.find(&cancel)) {}

  void tell(int status) {
    if (here_->client == nullptr) return complain(here_->no_client);
    if (!wanted_.boot_log.empty()) send_log();
    if (!wanted_.signal.empty()) send_signal(status);
  }

 private:
  void complain(const std::string& sentence) const {
    base::write_all(STDERR_FILENO, facts_.name + ": " + sentence + "\n");
  }

  // The group as the service itself will name it.
  discovery::LogPlace log_place() {
    discovery::Wanted wanted =
        discovery::parse_wanted(facts_.declarations).value_or(discovery::Wanted{});
    wanted.settings.clear();
    const auto answer = discovery::discover(wanted, access_, &cancel_);
    return discovery::log_place({.service = facts_.name,
                                 .environment = "production",
                                 .instance = here_->place.name(),
                                 .part = "boot"},
                                &answer);
  }

  void send_log() {
    const auto text = read_text(wanted_.boot_log);
    if (!text || !*text) return complain(wanted_.boot_log + " cannot be read, and is not sent");
    const discovery::LogPlace place = log_place();
    const std::string body = body_of(**text, place);
    auto put = aws::logs::put_log_events(*here_->client, body, {}, &cancel_);
    if (!put && put.failure().is("ResourceNotFoundException")) {
      const auto made = discovery::make_log_stream(*here_->client, place, &cancel_);
      if (!made) return complain("the log of this boot was not sent: " + made.failure().message);
      put = aws::logs::put_log_events(*here_->client, body, {}, &cancel_);
    }
    if (!put) complain("the log of this boot was not sent: " + put.failure().message);
  }

  // Its end, where it is more than a batch holds: that tells why.
  std::string body_of(std::string_view text, const discovery::LogPlace& place) const {
    constexpr size_t kTextMax = 512u << 10;
    constexpr size_t kLinesMax = 5'000;
    if (text.size() > kTextMax) text.remove_prefix(text.size() - kTextMax);
    const int64_t now_ms = base::real_ns() / base::kNsPerMs;
    std::string body;
    aws::logs::begin_body(place.group, place.stream, body);
    for (size_t lines = 0; !text.empty() && lines < kLinesMax; ++lines) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(line.size() + 1, text.size()));
      if (!line.empty()) aws::logs::append_event(now_ms, line, body);
    }
    aws::logs::end_body(body);
    return body;
  }

  void send_signal(int status) {
    const size_t slash = wanted_.signal.rfind('/');
    const auto done = aws::cloudformation::signal_resource(
        *here_->client,
        {.stack = wanted_.signal.substr(0, slash),
         .resource = wanted_.signal.substr(slash + 1),
         .unique_id = here_->place.name(),
         .status = status == 0 ? aws::cloudformation::Signal::kSuccess
                               : aws::cloudformation::Signal::kFailure},
        &cancel_);
    if (!done) complain("CloudFormation was not told: " + done.failure().message);
  }

  const Facts& facts_;
  const InitWanted& wanted_;
  const http::Cancel& cancel_;
  discovery::Access access_;
  const std::shared_ptr<const discovery::Found> here_;
};

}  // namespace

void tell_aws(const Facts& facts, const InitWanted& wanted, int status) {
  if (wanted.boot_log.empty() && wanted.signal.empty()) return;
  http::Cancel cancel, done;
  std::thread watch = base::start_thread("or-budget", [&] {
    if (http::Deadline(kTellBudget, &done).pass()) cancel.fire();
  });
  Teller(facts, wanted, cancel).tell(status);
  done.fire();
  watch.join();
}

}  // namespace outrigger::delivery
