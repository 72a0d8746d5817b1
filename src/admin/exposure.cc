#include "admin/exposure.h"

#include <arpa/inet.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace outrigger::admin {

bool is_own_name(std::string_view host) {
  if (host.starts_with('[')) return true;  // an IPv6 literal
  host = host.substr(0, host.rfind(':'));
  while (host.ends_with('.')) host.remove_suffix(1);
  if (host.find('.') == std::string_view::npos) return true;
  if (host.ends_with(".localhost")) return true;
  in_addr address;
  return inet_pton(AF_INET, std::string(host).c_str(), &address) == 1;
}

bool is_of_other_site(const http::ServerRequest& request) {
  const std::string_view origin = request.header("Origin");
  if (origin.empty()) return false;
  const std::size_t scheme = origin.find("://");
  return scheme == std::string_view::npos || origin.substr(scheme + 3) != request.header("Host");
}

Trust trust_in(const http::ServerRequest& request, bool local, uint32_t own_uid) {
  const http::Peer& peer = *request.peer;
  if (peer.unix_socket && peer.uid && (*peer.uid == own_uid || *peer.uid == 0))
    return Trust::kInsider;
  if (!local) return Trust::kStranger;
  if (is_of_other_site(request)) return Trust::kStranger;
  if (peer.loopback && !is_own_name(request.header("Host"))) return Trust::kStranger;
  return Trust::kInsider;
}

}  // namespace outrigger::admin
