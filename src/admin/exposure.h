// Who may see what. Pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/server.h"

namespace outrigger::admin {

enum class Exposure {
  kAnyone,
  kScrape,   // numbers for a monitoring system
  kPrivate,  // logs, settings, what changes something
};

enum class Trust {
  kStranger,
  kInsider,
};

// In local mode everyone who reaches the port is an insider; elsewhere the same user or root at the
// other end of a Unix socket is, and nobody on the network: being on the same machine is no
// identity where machines are shared.
//
// One thing that reaches a local port is no insider: a web page. A browser that was led to a name
// which resolves to 127.0.0.1 ("DNS rebinding") sends that name as Host, so from loopback only an
// address, localhost or a name without dots will do. And a page of another site can make a browser
// send a form here: that bears an Origin which is not this Host.
//
// Elsewhere a caller may also prove who it is, or come from a network that the service names (caller.h).
Trust trust_in(const http::ServerRequest& request, bool local, uint32_t own_uid);

// What a browser says where a page of another site makes it ask.
bool is_of_other_site(const http::ServerRequest& request);

// Whether a Host header names what no public name server can give out.
bool is_own_name(std::string_view host);

inline bool may_see(Exposure exposure, Trust trust) {
  return exposure == Exposure::kAnyone || trust == Trust::kInsider;
}

}  // namespace outrigger::admin
