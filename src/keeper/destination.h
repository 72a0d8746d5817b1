// Where batches go: what shipping asks of CloudWatch Logs. The real one is cloudwatch.h; the tests
// of shipping have one of their own.
#pragma once

#include <string>
#include <string_view>

#include "keeper/batch.h"

namespace outrigger::keeper {

struct PutOutcome {
  enum class Kind {
    kTaken,    // but for what `rejected` tells
    kRetry,    // later, as it is; it may even have been taken
    kDenied,   // the role must not
    kInvalid,  // this batch can never be taken as it is
  };
  Kind kind = Kind::kTaken;
  RejectedIndexes rejected{};
  std::string error{};  // one sentence, if not taken
};

class Destination {
 public:
  virtual ~Destination() = default;

  // Finds out where to send to. Called before the first put, again after a failure. By any sender.
  virtual PutOutcome prepare() = 0;
  // Valid once prepared; the same for all the life of the run.
  virtual std::string_view group() const = 0;
  virtual std::string_view stream() const = 0;

  enum class Patience {
    kSeveral,  // attempts within the call
    kOne,
  };
  // Blocks. Any thread, several at once.
  virtual PutOutcome put(std::string_view body, Coding coding, Patience patience) = 0;
  // Whatever blocks now or later returns at once.
  virtual void cancel() = 0;
};

}  // namespace outrigger::keeper
