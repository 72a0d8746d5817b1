// Which of several forms of a page a client would rather have. Pure functions.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string_view>

#include "http/server.h"

namespace outrigger::admin {

// The index in `offers` ("application/json", in the order that we prefer) of the form with the
// highest quality under the request's Accept headers (RFC 9110, 12.5.1); of equals the first. 0
// when none would do: an answer in another form is more use than an error.
std::size_t preferred(const http::ServerRequest& request,
                      std::initializer_list<std::string_view> offers);

}  // namespace outrigger::admin
