#include "keeper/heap_report.h"

#include <algorithm>

#include "base/clock.h"

namespace outrigger::keeper {
namespace {

constexpr uint32_t kInfo = 2;
// 48 KiB of base64: an entry of less than 64 KiB.
constexpr size_t kPieceBytes = 36u << 10;
// A larger profile is not shipped.
constexpr size_t kPiecesMax = 64;
constexpr size_t kTopBytesMax = 8u << 10;
// At the end the keeper has three seconds for all of its report.
constexpr int64_t kStoreNsMax = 3 * base::kNsPerSecond / 2;

std::string base64(std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t at = 0; at < bytes.size(); at += 3) {
    const auto byte = [&](size_t i) -> uint32_t {
      return at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0;
    };
    const uint32_t three = byte(0) << 16 | byte(1) << 8 | byte(2);
    for (int i = 0; i < 4; ++i)
      text +=
          at + static_cast<size_t>(i) > bytes.size() ? '=' : kDigits[three >> (18 - 6 * i) & 63];
  }
  return text;
}

}  // namespace

void HeapReport::begin() {
  if (is_busy()) return;
  top_.clear();
  proto_.clear();
  name_.clear();
  stored_.clear();
  job_.reset();
  step_ = Step::kTop;
}

void HeapReport::ask(pprof::Form form) {
  // Somebody else's heap profile may be under way: another turn.
  if (job_ == nullptr) job_ = profiles_.begin_heap(form);
}

void HeapReport::look() {
  if (!is_busy()) return;
  if (step_ == Step::kStore) return look_at_store();
  ask(step_ == Step::kTop ? pprof::Form::kTop : pprof::Form::kProto);
  if (job_ == nullptr) return;
  auto result = job_->take();
  if (!result) return;
  job_.reset();
  if (!result->ok()) {
    top_ = result->error().message;
    step_ = Step::kDone;
  } else if (step_ == Step::kTop) {
    top_ = std::move(**result);
    top_.resize(std::min(top_.size(), kTopBytesMax));
    step_ = Step::kProto;
  } else {
    take_proto(std::move(**result));
  }
}

void HeapReport::take_proto(std::string proto) {
  proto_ = std::move(proto);
  step_ = Step::kDone;
  if (proto_.empty()) return;
  name_ = "heap-" + std::to_string(base::real_ns() / base::kNsPerMs);
  if (store_ == nullptr) return;
  store_->begin(name_, proto_);
  store_by_ns_ = base::monotonic_ns() + kStoreNsMax;
  step_ = Step::kStore;
}

void HeapReport::look_at_store() {
  if (auto outcome = store_->take()) {
    if (outcome->ok()) stored_ = std::move(**outcome);
  } else if (base::monotonic_ns() < store_by_ns_) {
    return;
  } else {
    store_->give_up();
  }
  step_ = Step::kDone;
}

size_t HeapReport::pieces() const {
  const size_t count = (proto_.size() + kPieceBytes - 1) / kPieceBytes;
  return stored_.empty() && count <= kPiecesMax ? count : 0;
}

void HeapReport::make_piece(render::MadeRecord& made, size_t index) const {
  made.begin(kInfo, "heap profile {profile}, part {part} of {parts}{data:.0}", {});
  made.add(std::string_view(name_));
  made.add(uint64_t{index + 1});
  made.add(uint64_t{pieces()});
  made.add(base64(std::string_view(proto_).substr(index * kPieceBytes, kPieceBytes)));
}

void HeapReport::forget() {
  proto_.clear();
  step_ = Step::kNothing;
}

}  // namespace outrigger::keeper
