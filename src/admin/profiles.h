// Where the pages under /debug/pprof/ get profiles from. The keeper implements it; the tests have
// one of their own.
//
// All calls come from the admin server's threads and must not block.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "outrigger/result.h"

namespace outrigger::admin {

enum class ProfileKind { kCpu, kThreads, kSymbols, kHeap, kAllocs, kMutex, kBlock };
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

  // The service's arguments, with a NUL between them.
  virtual std::string command_line() = 0;
};

}  // namespace outrigger::admin
