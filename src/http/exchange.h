// One exchange over a connection: a request's bytes out, an answer in.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "http/dial.h"

namespace outrigger::http {

enum class AfterExchange { kClose, kKeepAlive };

// The request's head, the empty line included. kBadInput where a header would be more than a
// header, or is one of those that follow from the body. request.body is not looked at.
Result<std::string> request_head(const Request& request, const Url& url, std::size_t body_bytes,
                                 AfterExchange after);

// How far it came: what a failed exchange leaves open.
struct Progress {
  bool sent_all = false;  // the peer may have acted on the request
  bool answered = false;  // some of the answer came
  bool reusable = false;  // the connection can carry another exchange
};

Result<Response> exchange(ClientConnection& connection, std::string_view head,
                          std::string_view body, const Request& request, const Deadline& deadline,
                          Progress& progress);

// The error with scheme and host before it, or the answer with address and duration.
Result<Response> finish(Result<Response> response, const Url& url, const std::string& address,
                        Deadline::Clock::time_point began);

}  // namespace outrigger::http
