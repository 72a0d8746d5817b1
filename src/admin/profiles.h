// Where the pages under /debug/pprof/ get profiles from. The keeper implements it; the tests have
// one of their own.
//
// All calls come from the admin server's threads and must not block.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "outrigger/result.h"

namespace outrigger::admin {

enum class ProfileKind {
  kCpu,
  kWall,
  kRecord,  // what is kept of the CPU's last minutes
  kThreads,
  kSymbols,
  kHeap,
  kAllocs,
  kMutex,
  kBlock
};
enum class ProfileForm { kProto, kText };

struct ProfileAsk {
  ProfileKind kind = ProfileKind::kCpu;
  ProfileForm form = ProfileForm::kProto;
  int64_t seconds = 30;
  uint32_t hz = 100;
  std::vector<uint64_t> addresses;  // kSymbols: to be named, in text
};

// A profile that is being taken; destruction ends it.
class PendingProfile {
 public:
  virtual ~PendingProfile() = default;
  // The profile in the form that was asked for, once it is there.
  virtual std::optional<Result<std::string>> take() = 0;
};

class Profiles {
 public:
  virtual ~Profiles() = default;

  struct Begun {
    std::unique_ptr<PendingProfile> pending;  // nullptr when one of its kind is under way
    std::string under_way;                    // then: which
  };
  virtual Begun begin(const ProfileAsk& ask) = 0;

  // What there is to be shown of a kind: live sampled blocks, samples since the start, threads.
  virtual uint64_t count(ProfileKind kind) = 0;

  // Profiles that were taken by themselves, the newest first.
  struct Kept {
    uint64_t number = 0;
    std::string time;    // ISO 8601
    std::string kind;    // "heap"
    std::string reason;  // "the service's memory is at 93 % of 512 MB"
  };
  virtual std::vector<Kept> kept() = 0;
  // None when there is none of this number (any more).
  virtual std::optional<std::string> kept_profile(uint64_t number) = 0;

  // The service's arguments, with a NUL between them.
  virtual std::string command_line() = 0;
};

// Of ?since=: "90s", "10m" or plain seconds, no more than what the record holds.
Result<int64_t> since_seconds(std::string_view given);

}  // namespace outrigger::admin
