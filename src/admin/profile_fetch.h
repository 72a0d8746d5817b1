// `prober profile fetch`: the heap profile that a dying service has left in its log, put together
// from the pieces in the entries (keeper/heap_report.h), or read from S3 when the entry says that it is
// there, for `go tool pprof`.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "outrigger/result.h"

namespace outrigger::admin {

struct FetchedProfile {
  std::string name;      // "heap-1764000000000"
  std::string bytes;     // profile.proto, gzipped; empty: it is `stored`
  std::string stored{};  // "s3://bucket/prober/profiles/ip-10-0-0-10/heap-1764000000000.pb.gz"
};

// `log`: entries as lines of JSON, with anything before each (`aws logs tail`, `kubectl logs`,
// journald), or one JSON document with "events" that have a "message" each (`aws logs
// filter-log-events`). `name`: which profile; empty: the last one that is whole.
Result<FetchedProfile> profile_in(std::string_view log, std::string_view name);

inline constexpr std::string_view kStoredScheme = "s3://";
// What lies there, with the credentials that the environment gives (identity/caller.h).
Result<std::string> stored_profile(std::string_view url);

}  // namespace outrigger::admin
