// TLS in front of a server: a client that begins with TLS is taken over here, and the server meets it
// in plaintext at the other end of a pair of sockets. For ports with few clients: each has a thread.
//
//   client ══ TLS ══ relay's thread ── socket pair ── connection, as any other
//
// Threads: any.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "http/cancel.h"
#include "http/server.h"
#include "http/stream_threads.h"
#include "outrigger/result.h"

struct ssl_ctx_st;

namespace outrigger::http {

class ServerTls {
 public:
  // One more closes at once. Of one address, so that nobody takes all.
  static constexpr std::size_t kRelaysMax = 64;
  static constexpr std::size_t kRelaysEachMax = 16;
  // From the first byte to the end of the handshake.
  static constexpr std::chrono::milliseconds kHandshake{5'000};

  // Without a certificate until one of the use_…() is called: clients that begin with TLS are closed.
  ServerTls();
  ~ServerTls();  // ends what is under way
  ServerTls(const ServerTls&) = delete;
  ServerTls& operator=(const ServerTls&) = delete;

  // A new key (P-256) and a certificate for `names`, signed by itself, for ten years: nobody who does
  // not know its fingerprint has a reason to believe it.
  Result<void> use_self_signed(const std::vector<std::string>& names);
  // PEM: the certificate, the chain behind it, the private key without a password.
  Result<void> use_pem(std::string_view pem);

  // SHA-256 of the certificate, "AB:CD:…"; empty without one.
  std::string fingerprint() const;

  // Whether the bytes that wait at `fd` begin a TLS connection. Takes none of them.
  static bool is_tls(int fd);
  // Relays for a client; `begin` is given the plain end, on the caller's thread. False: closed.
  bool take(base::Fd client, Peer peer, const std::function<void(base::Fd, const Peer&)>& begin);

 private:
  struct Context;
  Result<void> use(std::shared_ptr<Context> context);
  bool enter(const std::string& address);
  void leave(const std::string& address);

  Cancel ending_;
  mutable std::mutex mutex_;
  std::shared_ptr<Context> context_;    // guarded by mutex_
  std::vector<std::string> addresses_;  // likewise: of the relays under way
  StreamThreads threads_;               // last: its threads use the others
};

}  // namespace outrigger::http
