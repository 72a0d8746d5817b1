#include "service/settings_wait.h"

#include <string>
#include <thread>

namespace outrigger::service {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kLookEvery = 2ms;
constexpr auto kSayFirst = 1s;
constexpr auto kSayAgain = 5s;
constexpr auto kGrace = 2s;  // for the keeper to say that it found nothing

std::optional<segment::SettingsAnswer> read(segment::View view) {
  // Acquire: pairs with the keeper's release; the bytes are there before their length.
  const uint32_t length = view.settings().length.load(std::memory_order_acquire);
  if (length == 0 || length > segment::kSettingBytes - segment::kBlobDataAt) return std::nullopt;
  const char* bytes = reinterpret_cast<const char*>(&view.settings()) + segment::kBlobDataAt;
  return segment::decode(std::string(bytes, length));
}

}  // namespace

std::optional<segment::SettingsAnswer> wait_for_settings(
    segment::View view, std::chrono::milliseconds budget, const std::function<bool()>& is_over,
    const std::function<void(std::string_view sentence)>& say) {
  const Clock::time_point began = Clock::now();
  Clock::time_point say_at = began + kSayFirst;
  while (!is_over()) {
    if (auto answer = read(view)) return answer;
    const Clock::time_point now = Clock::now();
    if (now > began + budget + kGrace) break;
    if (now > say_at) {
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - began).count();
      say("still looking for settings, for " + std::to_string(seconds) + " s");
      say_at = now + kSayAgain;
    }
    std::this_thread::sleep_for(kLookEvery);
  }
  return std::nullopt;
}

}  // namespace outrigger::service
