// Whose request it is: the keys that the emulator has given out, and the check of signatures
// (Signature Version 4, header form).
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "api.h"

namespace outrigger::emulator {

struct Keys {
  std::string id;
  std::string secret;
  std::string token;      // empty: long-lived ones
  int64_t expires_s = 0;  // 0: never
  std::string role;       // whose session they are; empty: a user's
};

class Identity {
 public:
  Identity(Account& account, Clock& clock, Violations& violations);

  // The long-lived keys that a test may put into the environment.
  static constexpr const char* kAccessKey = "AKIAEMULATOR00000000";
  static constexpr const char* kSecretKey = "emulator/secret+key/of+forty/characters0";

  // New temporary ones, valid for the account's `credentials_lifetime_s`.
  Keys issue();
  // All temporary ones that were given out become invalid at once.
  void expire_all();
  uint64_t issued() const;
  // Every secret of the temporary ones, ids, keys, tokens: for a test that looks for them where they
  // must not be.
  json::array secrets() const;

  // Whose keys signed the call, "arn:aws:sts::…:assumed-role/ROLE/SESSION".
  std::string caller(const Call& call) const;

  // None when the request is signed as it should be, otherwise the refusal. By headers, or by its query
  // ("presigned"), which the emulator, as STS does, takes for fifteen minutes whatever it says.
  std::optional<Answer> verify(const Call& call);

 private:
  struct Shown;
  static Shown shown_in(const Call& call);
  std::optional<Answer> bad(const Call& call, std::string_view code, std::string detail,
                            bool is_violation = true);

  Account& account_;
  Clock& clock_;
  Violations& violations_;
  mutable std::mutex mutex_;
  std::map<std::string, Keys> keys_;  // guarded by mutex_
  uint64_t issued_ = 0;               // likewise
};

}  // namespace outrigger::emulator
