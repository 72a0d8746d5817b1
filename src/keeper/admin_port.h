// The admin port: its sockets and its server. A keeper's successor goes on with the same sockets,
// so that no client is refused in between.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "admin/source.h"
#include "discovery/access.h"
#include "http/server.h"
#include "keeper/admin_certificate.h"
#include "keeper/channel.h"
#include "keeper/declarations.h"
#include "outrigger/result.h"
#include "segment/role.h"

namespace outrigger::keeper {

class AdminPort {
 public:
  // `source` and `channel` must outlive it.
  AdminPort(const segment::RoleCard& card, admin::Source& source, Channel& channel,
            int supervisor_pid);

  // Opens what is declared, unless that is open already. On failure nothing is open. `access` may be
  // null as long as nothing is declared.
  Result<void> open(const Declarations& declarations,
                    const std::shared_ptr<discovery::Access>& access);

  // Who is waiting gets an answer, pages that are open their last message; then nothing is open.
  void end(std::chrono::nanoseconds within);

  // The certificate of its TLS has come, or has not: to be logged.
  bool take_news(AdminCertificate::News& news) {
    return certificate_ != nullptr && certificate_->take_news(news);
  }

  bool is_open() const { return server_ != nullptr; }
  // "127.0.0.1:8081", as bound; empty when there is no TCP port.
  std::string address() const;

 private:
  std::vector<int> take_inherited(bool& has_port, bool& has_name, const std::string& name);

  admin::Source& source_;
  Channel& channel_;
  const int supervisor_pid_;
  std::vector<int> inherited_;                     // not yet in use
  std::string opened_;                             // what was asked for
  std::unique_ptr<AdminCertificate> certificate_;  // none: no TLS
  std::unique_ptr<http::Server> server_;
};

}  // namespace outrigger::keeper
