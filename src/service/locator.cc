#include "outrigger/locator.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "outrigger/service.h"
#include "segment/locators.h"
#include "segment/settings_answer.h"
#include "supervisor/crew.h"

namespace outrigger {
namespace internal {

struct LocatorState {
  std::string name;
  std::mutex mutex;
  std::vector<std::string> addresses;  // guarded by mutex
  uint32_t seen = 0;                   // likewise; which of the keeper's lists they are of
};

}  // namespace internal

namespace {

std::optional<std::string> joined(const std::optional<std::vector<std::string>>& addresses) {
  if (!addresses) return std::nullopt;
  std::string text;
  for (const std::string& address : *addresses)
    text.append(text.empty() ? "" : ",").append(address);
  return text;
}

std::vector<std::string> parted(std::string_view text) {
  std::vector<std::string> addresses;
  while (!text.empty()) {
    const size_t end = std::min(text.find(','), text.size());
    if (end != 0) addresses.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return addresses;
}

}  // namespace

Locator::Locator(std::vector<std::string> addresses)
    : state_(std::make_shared<internal::LocatorState>()) {
  state_->addresses = std::move(addresses);
}

std::vector<std::string> Locator::addresses() const {
  internal::LocatorState& state = *state_;
  const std::lock_guard lock(state.mutex);
  void* const segment = supervisor::crew().segment;
  if (segment == nullptr || state.name.empty()) return state.addresses;
  const auto bytes = segment::read_locators(segment::View(segment), state.seen);
  const auto lists = bytes ? segment::decode(*bytes) : std::nullopt;
  if (!lists) return state.addresses;
  for (const auto& each : lists->settings) {
    if (each.name == state.name && each.found) state.addresses = parted(each.value);
  }
  return state.addresses;
}

Locator Service::locator(std::string name, LocatorOptions options) {
  Locator handle(options.in_local    ? *options.in_local
                 : options.otherwise ? *options.otherwise
                                     : std::vector<std::string>());
  handle.state_->name = name;
  internal::SettingInfo info;
  info.name = std::move(name);
  info.help = std::move(options.help);
  info.type = "addresses";
  info.sources.cloud_map = std::move(options.cloud_map);
  info.sources.consul = std::move(options.consul);
  info.sources.srv = std::move(options.srv);
  info.sources.refresh = std::max(options.every, std::chrono::milliseconds(100));
  info.in_local = joined(options.in_local);
  info.in_staging = joined(options.in_staging);
  info.in_production = joined(options.in_production);
  info.otherwise = joined(options.otherwise);
  info.set = [state = handle.state_](std::string_view text) -> Result<void> {
    const std::lock_guard lock(state->mutex);
    state->addresses = parted(text);
    return {};
  };
  internal::add_setting(*parts_, std::move(info));
  return handle;
}

}  // namespace outrigger
