// `prober profile fetch`: the heap profile that a dying service has left in its log, put together
// from the pieces in the entries (keeper/heap_report.h), for `go tool pprof`.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "outrigger/result.h"

namespace outrigger::admin {

struct FetchedProfile {
  std::string name;   // "heap-1764000000000"
  std::string bytes;  // profile.proto, gzipped
};

// `log`: entries as lines of JSON, with anything before each (`aws logs tail`, `kubectl logs`,
// journald), or one JSON document with "events" that have a "message" each (`aws logs
// filter-log-events`). `name`: which profile; empty: the last one that is whole.
Result<FetchedProfile> profile_in(std::string_view log, std::string_view name);

}  // namespace outrigger::admin
