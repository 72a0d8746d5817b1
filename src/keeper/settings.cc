#include "keeper/settings.h"

#include <boost/json.hpp>

#include <algorithm>
#include <cstring>

#include "base/clock.h"
#include "base/firmware.h"
#include "base/threads.h"
#include "discovery/discover.h"

namespace outrigger::keeper {
namespace {

constexpr size_t kBytesMax = segment::kSettingBytes - segment::kBlobDataAt;
constexpr int64_t kBudgetMsMax = 3'600'000;

// The budget that the declarations give, in ms; none where they ask for nothing.
std::optional<int64_t> budget_ms(std::string_view declarations) {
  boost::json::error_code error;
  const auto parsed = boost::json::parse({declarations.data(), declarations.size()}, error);
  const auto* object = error ? nullptr : parsed.if_object();
  if (object == nullptr) return std::nullopt;
  const auto* wants = object->if_contains("discover");
  const auto* budget = object->if_contains("start_budget_ms");
  if (wants == nullptr || !wants->is_bool() || !wants->get_bool()) return std::nullopt;
  const int64_t asked = budget != nullptr && budget->is_int64() ? budget->get_int64() : 0;
  return std::clamp<int64_t>(asked, 0, kBudgetMsMax);
}

std::optional<segment::SettingsAnswer> predecessors(segment::View view) {
  const uint32_t length = view.settings().length.load(std::memory_order_acquire);
  if (length == 0 || length > kBytesMax) return std::nullopt;
  const char* bytes = reinterpret_cast<const char*>(&view.settings()) + segment::kBlobDataAt;
  return segment::decode(std::string(bytes, length));
}

}  // namespace

Settings::~Settings() {
  cancel_.fire();
  if (thread_.joinable()) thread_.join();
}

void Settings::begin(std::string declarations, int64_t now_ns) {
  if (began_) return;
  began_ = true;
  const auto budget = budget_ms(declarations);
  if (!budget) return;
  found_real_ns_ = base::real_ns();
  if ((answer_ = predecessors(view_))) {
    done_.store(true, std::memory_order_release);
    return;
  }
  cancel_at_ns_ = now_ns + *budget * base::kNsPerMs;
  thread_ = base::start_thread("or-settings", [this, text = std::move(declarations)] {
    try {
      const auto wanted = discovery::parse_wanted(text);
      answer_ = wanted ? discovery::discover(*wanted, aws::own_variables(), base::machine_vendor(),
                                             &cancel_)
                       : segment::SettingsAnswer();
    } catch (const std::exception& thrown) {  // memory
      answer_.emplace();
      answer_->notes.emplace_back(thrown.what());
    }
    publish();
    done_.store(true, std::memory_order_release);
  });
}

// Once: the service takes what is there first.
void Settings::publish() const {
  std::string bytes = segment::encode(*answer_);
  if (bytes.size() > kBytesMax) {
    segment::SettingsAnswer without;
    without.notes.emplace_back("the settings' values are too long");
    bytes = segment::encode(without);
  }
  segment::BlobHeader& blob = view_.settings();
  memcpy(reinterpret_cast<char*>(&blob) + segment::kBlobDataAt, bytes.data(), bytes.size());
  // Release: pairs with the service's acquire; the bytes are there before their length.
  blob.length.store(static_cast<uint32_t>(bytes.size()), std::memory_order_release);
}

bool Settings::look(int64_t now_ns) {
  if (!began_) return false;
  if (cancel_at_ns_ != 0 && now_ns > cancel_at_ns_) {
    cancel_.fire();
    cancel_at_ns_ = 0;
  }
  // Acquire: the thread that found it is done with it.
  if (!done_.load(std::memory_order_acquire)) return false;
  done_.store(false, std::memory_order_relaxed);
  cancel_at_ns_ = 0;
  if (thread_.joinable()) thread_.join();
  return true;
}

}  // namespace outrigger::keeper
