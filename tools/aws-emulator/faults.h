// What goes wrong on purpose. A test arms faults over the control endpoint; each call asks whether
// one of them is meant for it.
#pragma once

#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "api.h"

namespace outrigger::emulator {

enum class FaultKind {
  kThrottle,      // the service's throttling error; nothing was taken
  kError,         // `status` and `code`, by default 500 InternalFailure; nothing was taken
  kExpiredToken,  // as if the session token had just expired
  kResetBefore,   // the connection is reset; nothing was taken
  kResetAfter,    // the call is done, then the connection is reset instead of an answer
  kHalfAnswer,    // the call is done, half of the answer is sent, then the connection closes
  kSwallow,       // nothing is taken and nothing answered; the connection stays open
  kSlow,          // `delay_ms` pass before the call is looked at; it is then done and answered
};

struct Fault {
  FaultKind kind = FaultKind::kError;
  std::string service;    // empty: any
  std::string operation;  // empty: any
  double probability = 1;
  int64_t left = -1;  // how many times still; -1: no end
  int64_t delay_ms = 1000;
  int status = 0;
  std::string code;
  int64_t retry_after_ms = -1;  // sent as x-amz-retry-after
  uint64_t fired = 0;
};

class Faults {
 public:
  // Takes one fault as JSON, or an array of them, in place of what is armed or added to it.
  enum class How { kReplace, kAdd };
  Result<void> arm(const json::value& wanted, How how);
  json::array report() const;

  // The first that is meant for this call and whose dice fall so.
  std::optional<Fault> pick(std::string_view service, std::string_view operation);

 private:
  mutable std::mutex mutex_;
  std::vector<Fault> armed_;        // guarded by mutex_
  std::mt19937_64 dice_{20261124};  // likewise; the same faults in each run
};

}  // namespace outrigger::emulator
