// The options of a command line: a table, glibc's getopt_long_only behind it (so that -listen works
// like --listen), and an OUTRIGGER_ variable for each. Everything is validated here, before
// anything starts.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "outrigger/internal/value.h"
#include "outrigger/result.h"
#include "service/parts.h"

namespace outrigger::service {

struct OptionSpec {
  std::string name;
  std::string value_name;  // "ADDR:PORT"; empty: a switch, true when it stands alone
  std::string help;
  std::string default_text;  // for help
  bool repeats = false;
  std::function<Result<void>(const std::vector<std::string>& texts)> set;
  bool has_variable = true;
};

// The options that run has in every service.
struct RunOptions {
  std::string environment;  // empty: by the signs
  std::string stack;        // CloudFormation's; empty: as an instance's tags tell
  std::string listen = "0.0.0.0:8080";
  std::string admin;      // empty: by the environment
  std::string logs;       // "stdout-text", "stdout-json"; empty: by the environment
  std::string metrics;    // "cloudwatch", "none"; empty: by the environment
  double access_log = 0;  // the share of requests that is logged
  uint32_t level = 2;
};

// Those that commands have too (--environment, --stack, --log-level), and those of run alone.
std::vector<OptionSpec> common_specs(RunOptions& into);
std::vector<OptionSpec> run_specs(RunOptions& into);
// What a command that calls an operation takes besides.
struct CallOptions {
  bool json = false;                   // the default is the caller's
  std::chrono::nanoseconds within{0};  // 0: no limit
  int instance = 0;                    // for .live(); 0: the only one
  internal::ParameterTexts named{};    // parameters given by name
};
std::vector<OptionSpec> call_specs(const internal::OperationInfo& operation, CallOptions& into);
OptionSpec json_spec(bool& json, std::string help);
// An option of a command alone, which no variable stands for.
OptionSpec text_spec(std::string name, std::string value_name, std::string help, std::string& into);
OptionSpec switch_spec(std::string name, std::string help, bool& into);
// The service's own.
std::vector<OptionSpec> own_specs(const internal::ServiceParts& parts);

std::string variable_of(std::string_view option);  // "log-level": OUTRIGGER_LOG_LEVEL
std::string_view level_name(uint32_t level);       // "info"

using Lookup = std::function<const char*(const char* variable)>;

// Reads `words` (without the program's and the command's name), then the variables of what was not
// given, and sets. The words that are no options are returned; `accepts_words` false refuses them.
enum class Words { kAccepted, kRefused };
Result<std::vector<std::string>> read_options(const std::vector<OptionSpec>& specs,
                                              std::vector<std::string> words,
                                              const Lookup& variable, Words plain_words);

// "ADDR:PORT" as it can be bound: "127.0.0.1:80", "[::1]:80", "localhost:80"; ":80" is every
// address.
Result<std::string> parse_address(std::string_view option, std::string_view text);

}  // namespace outrigger::service
