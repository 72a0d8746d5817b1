// All of the emulated AWS together: from a request to whose it is, whether it may, and its answer.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "api.h"
#include "directory.h"
#include "faults.h"
#include "identity.h"
#include "logs.h"
#include "machine.h"
#include "metrics.h"
#include "s3.h"
#include "stacks.h"

namespace outrigger::emulator {

class World {
 public:
  explicit World(Logs::Options options);

  // What a request asks for. A refusal where it cannot even be told. The call's views are into the
  // request and the room.
  std::optional<Answer> classify(const http::ServerRequest& request, Call& call, BodyRoom& room);
  // Signature, permission, then the service. The call is done when this returns.
  Answer answer(const Call& call);
  // /_emulator/…: what tests ask and set. docs/reference/aws-emulator.md.
  static bool is_control(std::string_view path) { return path.starts_with("/_emulator"); }
  Answer control(const http::ServerRequest& request);

  Clock& clock() { return clock_; }
  Faults& faults() { return faults_; }
  Account& account() { return account_; }

 private:
  std::optional<Answer> classify_form(Call& call, std::string_view text);
  void count(const Call& call, int status);
  json::object report() const;

  Account account_;
  Clock clock_;
  Violations violations_;
  Faults faults_;
  Identity identity_{account_, clock_, violations_};
  Logs logs_;
  Metrics metrics_{clock_, violations_};
  S3 s3_{clock_, violations_};
  Machine machine_{account_, clock_, violations_, identity_};
  Directory directory_{account_, clock_, violations_, identity_};
  Stacks stacks_{account_, clock_, violations_};

  mutable std::mutex mutex_;
  std::map<std::string, std::map<int, uint64_t>> calls_;  // guarded by mutex_
};

}  // namespace outrigger::emulator
