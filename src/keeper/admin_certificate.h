// The admin port's certificate, where the service declares one: made here, or out of a secret.
//
// Threads: construction, destruction and news() belong to one.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "discovery/access.h"
#include "http/cancel.h"
#include "http/server_tls.h"

namespace outrigger::keeper {

class AdminCertificate {
 public:
  // "self-signed" is there at once. A secret is asked for on a thread of its own, again every half a
  // minute until it is there, and then twice a day: certificates are renewed.
  AdminCertificate(std::string wanted, std::shared_ptr<discovery::Access> access);
  ~AdminCertificate();
  AdminCertificate(const AdminCertificate&) = delete;
  AdminCertificate& operator=(const AdminCertificate&) = delete;

  const std::shared_ptr<http::ServerTls>& tls() const { return tls_; }

  // What is to be logged: one sentence each time that something has changed; empty: nothing.
  struct News {
    bool is_good = false;
    std::string fingerprint;  // of the certificate, when it is good
    std::string why;          // when it is not
  };
  bool take_news(News& news);

 private:
  void fetch_for_ever();
  std::string fetch();
  void tell(News news);

  const std::string wanted_;
  const std::shared_ptr<discovery::Access> access_;
  const std::shared_ptr<http::ServerTls> tls_ = std::make_shared<http::ServerTls>();
  http::Cancel ending_;
  std::mutex mutex_;
  News news_;              // guarded by mutex_
  bool has_news_ = false;  // likewise
  std::thread thread_;     // last
};

}  // namespace outrigger::keeper
