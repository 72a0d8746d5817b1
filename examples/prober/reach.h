// Whom a prober may reach. It fetches whatever URL a caller names, from where the caller may not
// be: without this, anyone who can reach its port could read the machine's own services or the
// cloud's metadata through it.
#pragma once

#include <string_view>

namespace prober {

// True for addresses that belong to this machine (loopback, any interface's own: so its admin port
// too) or to its link (169.254.0.0/16 with the metadata service, fe80::/10), in every spelling that
// leads there: v4-mapped, NAT64, "any". Other private networks are what a prober is there for. An
// address that does not parse counts as close.
bool is_too_close(std::string_view address);

}  // namespace prober
