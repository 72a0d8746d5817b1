#include "keeper/locators.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/threads.h"
#include "discovery/discover.h"
#include "http/deadline.h"
#include "segment/locators.h"

namespace outrigger::keeper {

using Clock = http::Deadline::Clock;

std::unique_ptr<Locators> Locators::of(segment::View view,
                                       std::shared_ptr<discovery::Access> access,
                                       std::string_view declarations,
                                       const segment::SettingsAnswer& answer) {
  auto wanted = discovery::parse_wanted(declarations);
  std::vector<One> all;
  for (size_t i = 0; wanted && i < wanted->settings.size(); ++i) {
    discovery::WantedSetting& setting = wanted->settings[i];
    if (setting.refresh_ms == 0) continue;
    const auto found = std::find_if(answer.settings.begin(), answer.settings.end(),
                                    [&](const auto& each) { return each.name == setting.name; });
    if (found != answer.settings.end() && found->found && !discovery::may_change(found->from))
      continue;
    const auto every = std::chrono::milliseconds(setting.refresh_ms);
    all.push_back({std::move(setting), Clock::now() + every});
  }
  if (all.empty()) return nullptr;
  return std::unique_ptr<Locators>(new Locators(view, std::move(access), std::move(all)));
}

Locators::Locators(segment::View view, std::shared_ptr<discovery::Access> access,
                   std::vector<One> all)
    : view_(view), access_(std::move(access)), all_(std::move(all)) {
  for (const One& one : all_) reports_.push_back({one.wanted.name, {}, {}, {}});
  thread_ = base::start_thread("or-locate", [this] { run(); });
}

Locators::~Locators() {
  cancel_.fire();
  thread_.join();
}

void Locators::run() {
  for (;;) {
    const auto next = std::min_element(
        all_.begin(), all_.end(), [](const One& a, const One& b) { return a.ask_at < b.ask_at; });
    if (!http::Deadline(next->ask_at, &cancel_).pass()) return;
    try {
      if (ask(static_cast<size_t>(next - all_.begin()))) publish();
    } catch (const std::exception&) {  // memory: there may be some the next time
    }
    next->ask_at = Clock::now() + std::chrono::milliseconds(next->wanted.refresh_ms);
  }
}

// True when there is another list than before.
bool Locators::ask(size_t index) {
  discovery::Located located = discovery::locate_again(all_[index].wanted, *access_, &cancel_);
  const std::lock_guard lock(mutex_);
  LocatorReport& report = reports_[index];
  report.failing = std::move(located.note);
  if (!located.addresses) return false;
  report.from = std::move(located.from);
  if (report.value == *located.addresses) return false;
  report.value = std::move(*located.addresses);
  return true;
}

// All that are known: those of which nothing is known yet have what they had at the start.
void Locators::publish() const {
  segment::SettingsAnswer lists;
  for (const LocatorReport& report : reports()) {
    if (!report.value.empty())
      lists.settings.push_back({report.name, true, report.value, report.from, {}, {}});
  }
  segment::write_locators(view_, segment::encode(lists));
}

std::vector<LocatorReport> Locators::reports() const {
  const std::lock_guard lock(mutex_);
  return reports_;
}

}  // namespace outrigger::keeper
