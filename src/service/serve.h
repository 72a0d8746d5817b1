// The run role: from validated options to the exit status, through the whole life of the service.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "health/runner.h"
#include "ops/ops.h"
#include "service/access_log.h"
#include "service/declarations.h"
#include "service/http_face.h"
#include "service/lifecycle.h"
#include "service/options.h"
#include "service/parts.h"

namespace outrigger::service {

class Serving {
 public:
  // `own_main`: an adopted program's; empty: the service's life is that of its operations and
  // hooks.
  Serving(internal::ServiceParts& parts, RunOptions options, std::function<int()> own_main);
  ~Serving();
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

  // Called once. Returns the exit status.
  int run();

 private:
  Result<void> prepare();  // declarations, settings; alone: the keeper as a thread
  Result<void> start_keeper();
  Result<void> find_settings();
  Result<void> start();  // hooks, checks, port
  Result<void> open_port();
  ops::ServedResponse answer(const ops::ServedRequest& request);
  void be_ready();
  int run_own_main();
  void drain();  // lame duck, what is under way, on_drain
  void drain_server();
  void pass_signal_on();
  milliseconds patience(milliseconds longest) const;
  bool calls_ended() const;
  void end(int status);  // on_stop, checks, port

  internal::ServiceParts& parts_;
  const RunOptions options_;
  const std::function<int()> own_main_;
  const HttpFace face_;
  const AccessLog access_log_;
  std::atomic<int> calls_under_way_{0};  // of operations, over HTTP
  Environment environment_;
  std::vector<ResolvedSetting> settings_;
  std::unique_ptr<ops::KeeperThread> keeper_;
  std::unique_ptr<health::Runner> checks_;
  std::unique_ptr<ops::Server> server_;
  bool server_is_held_ = false;  // by a call that does not return: it must stay
};

}  // namespace outrigger::service
