// Connections that are kept for the next exchange with the same host: TLS's handshake costs more
// than most exchanges do.
//
// send() blocks its thread for one exchange: a caller that wants several under way uses several
// threads. Any thread may call, several at once.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "http/exchange.h"
#include "http/trust.h"

namespace outrigger::http {

class Pool {
 public:
  struct Options {
    // Whose certificates are believed; null: the system's.
    std::shared_ptr<const Trust> trust{};
    // Servers close an idle connection after some 60 s and more; one that is younger is still good.
    std::chrono::milliseconds idle_max{30'000};
    // In all, the oldest is closed first. Each holds about 40 KiB under TLS.
    std::size_t idle_count_max = 8;
    // An address that swallows packets costs no more than this of a request's time-out.
    std::chrono::milliseconds connect_max{3'000};
  };

  explicit Pool(Options options) : options_(std::move(options)) {}

  // As http::fetch(), with these differences: the body is `body` (which is only read; request.body
  // must be empty), `cancel` (if any) cuts it short, and `progress` tells, success or not, how far
  // it came. A kept connection that turns out to have been closed before any of the request was
  // acted on is replaced once, within the same call.
  Result<Response> send(const Request& request, std::string_view body, const Cancel* cancel,
                        Progress& progress);

  // Closes what is kept. Exchanges under way go on.
  void close_idle();
  std::size_t idle_count() const;

 private:
  struct Idle {
    std::string key;
    ClientConnection connection;
    Deadline::Clock::time_point since;
  };

  std::vector<Idle> take_stale_locked();
  bool take(const std::string& key, ClientConnection& connection);
  void keep(std::string key, ClientConnection connection);

  const Options options_;
  mutable std::mutex mutex_;
  std::vector<Idle> idle_;  // the youngest last; guarded by mutex_
};

}  // namespace outrigger::http
