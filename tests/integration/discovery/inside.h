// Pages as the service's own user gets them: elsewhere than locally, loopback is no identity.
#pragma once

#include <unistd.h>

#include <string>

#include "admin/router.h"
#include "harness.h"
#include "http/client.h"

namespace outrigger::whole {

inline std::string inside(const std::string& service, pid_t supervisor, const std::string& path) {
  outrigger::http::Request request;
  request.url = "http://localhost" + path;
  request.timeout = kPatience;
  const auto answer = outrigger::http::fetch_unix(
      admin::socket_address(geteuid(), service, supervisor), geteuid(), request);
  return answer ? answer->body : answer.error().message;
}

}  // namespace outrigger::whole
