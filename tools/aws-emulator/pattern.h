// Filter patterns of CloudWatch Logs, as far as alarms on structured logs need them
// ("Filter pattern syntax" in the user guide): plain terms, and JSON conditions
//
//   { $.level = "ERROR" }      { $.level = "ERROR" || $.level = "FATAL" }      { $.ms > 100 }
//
// with =, !=, <, <=, >, >=, a * at either end of a text, && and || (&& binds closer; no brackets).
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "outrigger/result.h"

namespace outrigger::emulator {

class Pattern {
 public:
  static Result<Pattern> parse(std::string_view text);
  bool matches(std::string_view message) const;

 private:
  struct Condition {
    std::vector<std::string> path;
    std::string comparison;
    bool is_text = false;
    std::string text;
    double number = 0;
  };
  static bool holds(const Condition& condition, const boost::json::value& value);

  std::vector<std::string> terms_;                  // of a plain pattern: all have to be there
  std::vector<std::vector<Condition>> any_of_all_;  // of a JSON pattern
  bool is_json_ = false;
};

}  // namespace outrigger::emulator
