// Calls of the services that speak JSON 1.1 over POST.
// https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
#pragma once

#include <string_view>

#include "aws/client.h"

namespace outrigger::aws {

// `target`: "Logs_20140328.PutLogEvents".
inline Call json_call(Service service, std::string_view target, std::string_view body) {
  Call call;
  call.service = service;
  call.headers = {{"Content-Type", "application/x-amz-json-1.1"},
                  {"X-Amz-Target", std::string(target)}};
  call.body = body;
  return call;
}

}  // namespace outrigger::aws
