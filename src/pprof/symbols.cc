#include "pprof/symbols.h"

#include <stdio.h>

#include "pprof/unwinder.h"

namespace outrigger::pprof {

Result<std::string> name_addresses(int service_pid, const std::vector<uint64_t>& addresses) {
  std::string out = "num_symbols: 1\n";
  if (addresses.empty()) return out;
  auto unwinder = Unwinder::of_process(service_pid);
  if (!unwinder.ok()) return unwinder.error();
  for (const uint64_t address : addresses) {
    if ((*unwinder)->module_at(address) == nullptr) continue;
    char text[24];
    snprintf(text, sizeof(text), "0x%llx ", static_cast<unsigned long long>(address));
    out += text + (*unwinder)->function_at(address).name + "\n";
  }
  return out;
}

}  // namespace outrigger::pprof
