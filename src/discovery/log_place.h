// Where in CloudWatch Logs a service's entries go, and how that place comes to be: for the keeper,
// and for the log of a machine's boot.
#pragma once

#include <string>
#include <string_view>

#include "aws/client.h"
#include "segment/settings_answer.h"

namespace outrigger::discovery {

struct LogPlace {
  std::string group;   // "/outrigger/prober/production"
  std::string stream;  // "ip-10-0-0-10/2026-11-24T01-42-32.123Z"
};

// What its names are made of; of one run, so that a keeper's successor finds the same stream.
struct LogSource {
  std::string_view service;
  std::string_view environment{};  // unless discovery knows better
  std::string_view instance{};     // likewise
  std::string_view part{};         // which of the instance's streams: when it started
};

// "/outrigger/<service>/<environment>", unless a stack's output names the group; and
// "<instance>/<part>". What CloudWatch does not take in a name becomes a dash. `found` may be null.
LogPlace log_place(const LogSource& source, const segment::SettingsAnswer* found);

// "<service>/profiles/<instance>", likewise: where in a bucket profiles of it lie.
std::string profiles_folder(const LogSource& source, const segment::SettingsAnswer& found);

// Days that a group of our own making keeps its entries; one that is there keeps what it has.
inline constexpr int kRetentionDays = 30;

// Makes the stream, and its group where that is missing too. No error when both are there. Blocks;
// any thread.
aws::Outcome<aws::Done> make_log_stream(aws::Client& client, const LogPlace& place,
                                        const http::Cancel* cancel);

}  // namespace outrigger::discovery
