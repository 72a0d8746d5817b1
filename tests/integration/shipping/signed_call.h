// Calls of a test's own to the emulator, signed as it wants them: those of whoever sets up the
// account that a service runs in.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>

#include "aws/json_call.h"
#include "discovery/access.h"
#include "emulator.h"

namespace outrigger::test {

inline aws::Variables variables_of(const std::vector<std::string>& environment) {
  std::map<std::string, std::string> values;
  for (const std::string& each : environment) {
    const size_t equals = each.find('=');
    values[each.substr(0, equals)] = each.substr(equals + 1);
  }
  return [values = std::move(values)](const char* name) {
    const auto found = values.find(name);
    return found == values.end() ? std::string() : found->second;
  };
}

// Of CloudWatch Logs: "PutMetricFilter".
inline void logs_call(const Emulator& emulator, std::string_view operation, std::string_view body) {
  discovery::Access access(variables_of(emulator.environment()));
  const auto here = access.find(nullptr);
  ASSERT_NE(here->client, nullptr) << here->no_client;
  const auto answer = here->client->call(
      aws::json_call(aws::Service::kLogs, "Logs_20140328." + std::string(operation), body),
      nullptr);
  ASSERT_TRUE(answer) << answer.failure().message;
}

}  // namespace outrigger::test
