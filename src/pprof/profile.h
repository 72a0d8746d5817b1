// A profile as pprof knows it (github.com/google/pprof, proto/profile.proto), as plain values, and
// the stacks that go into one. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "pprof/labels.h"
#include "pprof/unwinder.h"

namespace outrigger::pprof {

inline constexpr size_t kValues = 4;          // of one sample, at most
inline constexpr size_t kStacksMax = 50'000;  // of one profile; what is beyond is counted
inline constexpr size_t kStackAddressesMax = 2'000'000;  // of all of them together

using Values = std::array<int64_t, kValues>;

struct ValueType {
  std::string type;  // "cpu"
  std::string unit;  // "nanoseconds"
};

// Each different stack once, with the sums of its values.
class Stacks {
 public:
  struct Stack {
    uint32_t at = 0;  // of its addresses among all of them
    uint32_t size = 0;
    uint32_t label = 0;  // what tells it from the same addresses: whose book it is knows
    Values values{};
  };

  static constexpr uint32_t kNone = UINT32_MAX;

  explicit Stacks(size_t addresses_max = kStackAddressesMax) : addresses_max_(addresses_max) {}

  // `addresses`: leaf first. The stack's place in all(), kNone when there is no room.
  uint32_t add(std::span<const uint64_t> addresses, uint32_t label, const Values& values);

  const std::vector<Stack>& all() const { return stacks_; }
  std::span<const uint64_t> addresses(const Stack& stack) const {
    return {addresses_.data() + stack.at, stack.size};
  }
  // Addresses of all of them together.
  size_t size() const { return addresses_.size(); }
  // Samples that found no room.
  uint64_t refused() const { return refused_; }

 private:
  size_t addresses_max_;
  std::vector<uint64_t> addresses_;
  std::vector<Stack> stacks_;
  std::unordered_multimap<uint64_t, uint32_t> by_hash_;
  uint64_t refused_ = 0;
};

struct ProfileHead {
  std::vector<ValueType> values;  // at most kValues
  ValueType period_type;
  int64_t period = 0;
  int64_t time_ns = 0;  // since 1970
  int64_t duration_ns = 0;
  std::string default_type;
  bool from_hooks = false;  // the stacks begin inside malloc or a wait: up to its caller, that is
                            // left out
  std::vector<Labels> labels;  // by Stack::label; beyond them there are none
  std::vector<std::string> comments;
};

// How many addresses at the leaf's end belong to the allocator or a wait, and what watches it.
size_t hook_frames(std::span<const uint64_t> addresses, Unwinder& unwinder);

// frames_at() of who called it, without what the standard library has inlined between: std::mutex
// and its like.
std::vector<Frame> hook_caller_frames(uint64_t address, Unwinder& unwinder);

// profile.proto, gzipped. Names come from `unwinder`.
std::string encode(const ProfileHead& head, const Stacks& stacks, Unwinder& unwinder);

// For people: the comments, then each stack, the heaviest first.
std::string as_text(const ProfileHead& head, const Stacks& stacks, Unwinder& unwinder);

// The five stacks that hold most of what is shown first (head.default_type), a line each: "12.3 MB
// (61 %) shop::Cache::put < shop::serve < main".
std::string as_top(const ProfileHead& head, const Stacks& stacks, Unwinder& unwinder);

}  // namespace outrigger::pprof
