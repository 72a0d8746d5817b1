// The prefix that glog and absl put before a line on stderr:
//
//   W1124 01:42:32.123456 12345 file.cc:41] message          (glog since 0.6 may write the year as
//   well: W20261124)
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace outrigger::keeper {

struct PrefixedLine {
  uint32_t level;  // 0..5
  std::string_view file;
  uint32_t line;
  std::string_view message;
};

std::optional<PrefixedLine> parse_glog_prefix(std::string_view text);

}  // namespace outrigger::keeper
