#include <algorithm>

#include "pprof/book.h"

namespace outrigger::pprof {
namespace {

uint64_t hash_of(std::span<const uint64_t> addresses, uint32_t label) {
  uint64_t hash = 0x9e3779b97f4a7c15ULL ^ label;
  for (const uint64_t address : addresses) {
    hash = (hash ^ address) * 0xff51afd7ed558ccdULL;
    hash ^= hash >> 32;
  }
  return hash;
}

}  // namespace

uint32_t Stacks::add(std::span<const uint64_t> addresses, uint32_t label, const Values& values) {
  const uint64_t hash = hash_of(addresses, label);
  const auto [begin, end] = by_hash_.equal_range(hash);
  for (auto each = begin; each != end; ++each) {
    Stack& stack = stacks_[each->second];
    if (stack.label != label || !std::ranges::equal(this->addresses(stack), addresses)) continue;
    for (size_t i = 0; i < kValues; ++i) stack.values[i] += values[i];
    return each->second;
  }
  if (stacks_.size() >= kStacksMax || addresses_.size() + addresses.size() > addresses_max_) {
    ++refused_;
    return kNone;
  }
  by_hash_.emplace(hash, static_cast<uint32_t>(stacks_.size()));
  stacks_.push_back({static_cast<uint32_t>(addresses_.size()),
                     static_cast<uint32_t>(addresses.size()), label, values});
  addresses_.insert(addresses_.end(), addresses.begin(), addresses.end());
  return static_cast<uint32_t>(stacks_.size() - 1);
}

Stacks difference_of(const Stacks& stacks, const std::function<uint32_t(uint32_t)>& relabel,
                     const std::vector<Values>& before, const std::vector<Values>& after) {
  Stacks out;
  for (size_t i = 0; i < after.size(); ++i) {
    const Stacks::Stack& stack = stacks.all()[i];
    const uint32_t label = relabel(stack.label);
    if (label == Stacks::kNone) continue;
    Values values = after[i];
    if (i < before.size())
      for (size_t k = 0; k < kValues; ++k) values[k] -= before[i][k];
    if (std::ranges::all_of(values, [](int64_t value) { return value == 0; })) continue;
    out.add(stacks.addresses(stack), label, values);
  }
  return out;
}

size_t hook_frames(std::span<const uint64_t> addresses, Unwinder& unwinder) {
  size_t count = 0;
  for (; count + 1 < addresses.size(); ++count) {
    const std::string name = unwinder.function_at(addresses[count]).name;
    if (!name.starts_with("outrigger::profile::") && !name.starts_with("__wrap_") &&
        !name.starts_with("operator new"))
      break;
  }
  return count;
}

std::vector<Frame> hook_caller_frames(uint64_t address, Unwinder& unwinder) {
  std::vector<Frame> frames = unwinder.frames_at(address);
  const auto own = std::ranges::find_if(frames, [](const Frame& frame) {
    const std::string& name = frame.function.name;
    return !frame.is_inlined || (!name.starts_with("std::") && !name.starts_with("__g"));
  });
  frames.erase(frames.begin(), own);
  return frames;
}

}  // namespace outrigger::pprof
