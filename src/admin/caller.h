// Callers from elsewhere that prove who they are (identity/token.h): the answer waits until STS has
// said so.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "admin/router.h"
#include "http/server.h"

namespace outrigger::admin {

// Whether a request shows a token where one counts. A page of another site proves nothing.
bool may_prove(const http::ServerRequest& request, const Access& access);

// What `page` gives once it is proven that an allowed role asks; else 401, 403 or 503. `page` is
// called on a loop thread, with a copy of the request.
http::ServerResponse when_proven(
    const http::ServerRequest& request, identity::Verifier& verifier,
    std::function<http::ServerResponse(const http::ServerRequest&)> page);

// Whether it comes from one of them, and from no page of another site: a browser there that was led to
// a name of a stranger's sends that name as Host, so an address or a name without dots must be there.
bool is_from(const std::vector<base::Network>& networks, const http::ServerRequest& request);

// Without its port: a caller takes another one with each connection.
std::string_view address_of(const http::Peer& peer);

// 401, and nothing else told: not what is there, nor what was wrong with a token.
http::ServerResponse unproven();

}  // namespace outrigger::admin
