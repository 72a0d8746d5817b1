// /debug/pprof/symbol: names for addresses of the service's process.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "outrigger/result.h"

namespace outrigger::pprof {

// "num_symbols: 1", then a line "0x1234 name" an address that lies in a mapped file.
Result<std::string> name_addresses(int service_pid, const std::vector<uint64_t>& addresses);

}  // namespace outrigger::pprof
