#include "keeper/settings.h"

#include <chrono>
#include <cstring>
#include <exception>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/threads.h"
#include "discovery/discover.h"
#include "http/deadline.h"

namespace outrigger::keeper {
namespace {

constexpr size_t kBytesMax = segment::kSettingBytes - segment::kBlobDataAt;

std::optional<segment::SettingsAnswer> predecessors(segment::View view) {
  const uint32_t length = view.settings().length.load(std::memory_order_acquire);
  if (length == 0 || length > kBytesMax) return std::nullopt;
  const char* bytes = reinterpret_cast<const char*>(&view.settings()) + segment::kBlobDataAt;
  return segment::decode(std::string(bytes, length));
}

}  // namespace

Settings::Settings(segment::View view, std::shared_ptr<discovery::Access> access,
                   std::string declarations, int64_t budget_ms, int64_t now_ns)
    : view_(view),
      access_(std::move(access)),
      found_real_ns_(base::real_ns()),
      cancel_at_ns_(now_ns + budget_ms * base::kNsPerMs) {
  if (auto found = predecessors(view_)) {
    answer_ = std::move(*found);
    found_.fire();
    return;
  }
  thread_ =
      base::start_thread("or-settings", [this, text = std::move(declarations)] { find(text); });
}

Settings::~Settings() {
  cancel_.fire();
  if (thread_.joinable()) thread_.join();
}

void Settings::find(const std::string& declarations) {
  try {
    if (const auto wanted = discovery::parse_wanted(declarations))
      answer_ = discovery::discover(*wanted, *access_, &cancel_);
  } catch (const std::exception& thrown) {  // memory
    answer_.notes.emplace_back(thrown.what());
  }
  publish();
  found_.fire();
}

// Once: the service takes what is there first.
void Settings::publish() const {
  std::string bytes = segment::encode(answer_);
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
  if (looked_) return false;
  // Acquire within: the thread that found it is done with it.
  if (found_.fired()) return looked_ = true;
  if (now_ns > cancel_at_ns_ && !cancel_.fired()) cancel_.fire();
  return false;
}

const segment::SettingsAnswer* Settings::wait(const http::Cancel& cancel) const {
  while (!found_.fired()) {
    if (cancel.fired()) return nullptr;
    http::Deadline(std::chrono::seconds(1), &cancel).wait(found_.fd(), POLLIN);
  }
  return &answer_;
}

}  // namespace outrigger::keeper
