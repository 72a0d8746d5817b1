#include "service/options.h"

#include <arpa/inet.h>
#include <getopt.h>

#include <algorithm>
#include <array>
#include <map>

#include "service/nearest.h"

namespace outrigger::service {
namespace {

constexpr std::array<std::string_view, 6> kLevels{"trace", "debug", "info",
                                                  "warn",  "error", "fatal"};

std::string dashed(std::string_view option) { return "--" + std::string(option); }

std::string lower(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lowered;
}

// An option whose last value goes through `parse` into `into`.
template <typename T, typename Parse>
std::function<Result<void>(const std::vector<std::string>&)> last_into(T& into, Parse parse) {
  return [&into, parse](const std::vector<std::string>& texts) -> Result<void> {
    Result<T> value = parse(texts.back());
    if (!value.ok()) return value.error();
    into = std::move(*value);
    return {};
  };
}

Result<std::string> parse_environment(const std::string& text) {
  const auto fits = [](unsigned char c) { return isalnum(c) || c == '-' || c == '_' || c == '.'; };
  if (!text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), fits))
    return text;
  return bad_input("--environment", text,
                   "a name of up to 64 letters, digits, dashes, like local or prod-eu");
}

// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html: a name,
// or a stack's id, which is an ARN.
Result<std::string> parse_stack(const std::string& text) {
  const auto fits = [](unsigned char c) { return isalnum(c) || c == '-' || c == ':' || c == '/'; };
  if (!text.empty() && text.size() <= 1024 && isalpha(static_cast<unsigned char>(text[0])) &&
      std::all_of(text.begin(), text.end(), fits))
    return text;
  return bad_input("--stack", text, "the name of a CloudFormation stack, like orders-prod");
}

Result<uint32_t> parse_level(const std::string& text) {
  const std::string wanted = lower(text);
  for (size_t i = 0; i < kLevels.size(); ++i) {
    if (kLevels[i] == wanted) return static_cast<uint32_t>(i);
  }
  return bad_input("--log-level", text, "trace, debug, info, warn, error or fatal");
}

Result<std::string> parse_logs(const std::string& text) {
  for (const char* known : {"cloudwatch", "stdout-json", "stdout-text", "both"}) {
    if (text == known) return text;
  }
  return bad_input("--logs", text, "cloudwatch, stdout-json, stdout-text or both");
}

Result<std::string> parse_metrics(const std::string& text) {
  if (text == "none" || text == "cloudwatch") return text;
  return bad_input("--metrics", text, "cloudwatch or none");
}

Result<double> parse_share(const std::string& text) {
  if (text == "none") return 0.0;
  if (text == "all") return 1.0;
  const Result<double> share = internal::parse_double("--access-log", text);
  if (share.ok() && *share >= 0 && *share <= 1) return share;
  return bad_input("--access-log", text, "none, all, or a share of the requests like 0.01");
}

std::string upper(std::string_view text) {
  std::string raised;
  for (const char c : text) {
    if (c == '-') raised += '_';
    else raised += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return raised;
}

// What getopt is told, and what it found. A word like -3 or -0.5 is a value: no option begins with
// a digit.
class Scan {
 public:
  explicit Scan(const std::vector<OptionSpec>& specs) : specs_(specs) {
    for (const OptionSpec& spec : specs) {
      long_.push_back({spec.name.c_str(),
                       spec.value_name.empty() ? optional_argument : required_argument, nullptr,
                       0});
    }
    long_.push_back({});
  }

  // Fills `given` by option and returns the plain words. `words` is reordered.
  Result<std::vector<std::string>> read(
      std::vector<std::string>& words,
      std::map<std::string, std::vector<std::string>>& given) const {
    std::vector<char*> argv{const_cast<char*>("")};
    for (std::string& word : words) {
      if (is_negative_number(word)) word.insert(word.begin(), kShield);
      argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    const int argc = static_cast<int>(argv.size()) - 1;
    opterr = 0;
    optind = 0;  // glibc: begin anew
    for (;;) {
      int index = -1;
      const int found = getopt_long_only(argc, argv.data(), ":", long_.data(), &index);
      if (found == -1) break;
      // The word that getopt has just dealt with; a value of its own may stand behind it.
      const bool separate = optarg != nullptr && optarg == argv[optind - 1];
      const std::string_view word = argv[optind - (found == 0 && separate ? 2 : 1)];
      const std::string_view name = name_in(word);
      if (found == ':') return missing_value(name);
      // A unique beginning would do for getopt; but then a new option could break a script.
      if (found != 0 || name != specs_[static_cast<size_t>(index)].name) return unknown(word, name);
      given[std::string(name)].emplace_back(optarg == nullptr ? "true" : unshielded(optarg));
    }
    std::vector<std::string> plain;
    for (auto word = argv.begin() + optind; word != argv.end() - 1; ++word)
      plain.emplace_back(unshielded(*word));
    return plain;
  }

 private:
  static constexpr char kShield = '\x01';  // from getopt, which would take the dash for an option's

  static bool is_negative_number(std::string_view word) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (word.size() < 2 || word[0] != '-') return false;
    return is_digit(word[1]) || (word.size() > 2 && word[1] == '.' && is_digit(word[2]));
  }
  static const char* unshielded(const char* word) { return *word == kShield ? word + 1 : word; }

  static std::string_view name_in(std::string_view word) {
    word.remove_prefix(std::min(word.find_first_not_of('-'), word.size()));
    return word.substr(0, word.find('='));
  }

  Error missing_value(std::string_view name) const {
    const auto spec = std::find_if(specs_.begin(), specs_.end(),
                                   [&](const OptionSpec& s) { return s.name == name; });
    return {ErrorKind::kBadInput,
            dashed(name) + " needs a value: " + (spec == specs_.end() ? "" : spec->value_name),
            dashed(name)};
  }

  Error unknown(std::string_view word, std::string_view name) const {
    std::vector<std::string> known;
    for (const OptionSpec& spec : specs_) known.push_back(spec.name);
    std::string message = "unknown option " + std::string(word);
    if (!known.empty()) message += "; the nearest known one is " + dashed(nearest(name, known));
    return {ErrorKind::kBadInput, std::move(message), std::string(word)};
  }

  const std::vector<OptionSpec>& specs_;
  std::vector<option> long_;
};

std::vector<std::string> split_at_blanks(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t\n"), text.size()));
    if (text.empty()) return parts;
    const size_t size = std::min(text.find_first_of(" \t\n"), text.size());
    parts.emplace_back(text.substr(0, size));
    text.remove_prefix(size);
  }
}

}  // namespace

std::string_view level_name(uint32_t level) {
  return kLevels[std::min<size_t>(level, kLevels.size() - 1)];
}

std::string variable_of(std::string_view option) { return "OUTRIGGER_" + upper(option); }

Result<std::string> parse_address(std::string_view option, std::string_view text) {
  const Error error =
      bad_input(option, text, "an address and a port, like 127.0.0.1:8080, [::1]:8080 or :8080");
  if (text.starts_with("unix:") && text.size() > 6 && text.size() < 100) return std::string(text);
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return error;
  const Result<uint64_t> port = internal::parse_unsigned(option, text.substr(colon + 1), 65535);
  if (!port.ok()) return error;
  std::string host(text.substr(0, colon));
  unsigned char bytes[16];
  if (host.empty()) return "0.0.0.0" + std::string(text);
  if (host == "localhost" || inet_pton(AF_INET, host.c_str(), bytes) == 1) return std::string(text);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed && inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), bytes) == 1)
    return std::string(text);
  return error;
}

std::vector<OptionSpec> common_specs(RunOptions& into) {
  return {
      {"environment", "NAME", "local, staging, production, or a name like prod-eu",
       "by the signs of the machine", false, last_into(into.environment, parse_environment)},
      {"stack", "NAME", "the CloudFormation stack whose outputs hold settings",
       "that of the instance", false, last_into(into.stack, parse_stack)},
      {"log-level", "LEVEL", "trace, debug, info, warn, error or fatal",
       std::string(level_name(into.level)), false, last_into(into.level, parse_level)},
  };
}

std::vector<OptionSpec> run_specs(RunOptions& into) {
  const auto address = [](const char* option) {
    return [option](const std::string& text) { return parse_address(option, text); };
  };
  // Acted on before main() begins (supervisor/early.cc), which takes these two spellings and no
  // other.
  const auto in_process = [](const std::vector<std::string>& texts) -> Result<void> {
    if (texts.back() == "true" || texts.back() == "1" || texts.back() == "0") return {};
    return bad_input("--in-process", texts.back(), "--in-process alone, or OUTRIGGER_IN_PROCESS=1");
  };
  // Likewise.
  const auto core = [](const std::vector<std::string>& texts) -> Result<void> {
    if (texts.back() == "true" || texts.back() == "1" || texts.back() == "0") return {};
    return bad_input("--core", texts.back(), "--core alone, or OUTRIGGER_CORE=1");
  };
  // The supervisor has acted on these two, before this process began.
  const auto confine = [](const std::vector<std::string>& texts) -> Result<void> {
    const std::string& mode = texts.back();
    if (mode == "off" || mode == "report" || mode == "enforce") return {};
    return bad_input("--confine", mode, "off, report or enforce");
  };
  const auto no_confine = [](const std::vector<std::string>& texts) -> Result<void> {
    const Result<bool> value = internal::parse_bool("--no-confine", texts.back());
    if (!value.ok()) return value.error();
    return {};
  };
  return {
      {"listen", "ADDR:PORT", "where the service answers; port 0 picks one", into.listen, false,
       last_into(into.listen, address("--listen"))},
      {"admin", "ADDR:PORT", "where health, metrics, logs and profiles are",
       "127.0.0.1:8081; 0.0.0.0:8081 if not local", false,
       last_into(into.admin, address("--admin"))},
      {"logs", "WHERE", "cloudwatch, stdout-json, stdout-text or both",
       "stdout-text if local, cloudwatch in AWS, else stdout-json", false,
       last_into(into.logs, parse_logs)},
      {"metrics", "WHERE", "cloudwatch or none", "cloudwatch in AWS, else none", false,
       last_into(into.metrics, parse_metrics)},
      {"access-log", "SHARE", "of the requests that are logged: none, all, or like 0.01", "none",
       false, last_into(into.access_log, parse_share)},
      {"in-process", "", "one process: the keeper is a thread", "", false, in_process},
      {"core", "", "a crash of the service leaves a core file", "", false, core},
      {"confine", "MODE", "whether the service may write files: off, report or enforce",
       "enforce; report if adopted", false, confine},
      {"no-confine", "", "the service may write files, as with --confine off", "", false,
       no_confine},
  };
}

OptionSpec json_spec(bool& json, std::string help) {
  return {"json", "", std::move(help), "", false, last_into(json, [](const std::string& text) {
            return internal::parse_bool("--json", text);
          })};
}

OptionSpec text_spec(std::string name, std::string value_name, std::string help,
                     std::string& into) {
  std::string default_text = into;
  OptionSpec spec{
      std::move(name),
      std::move(value_name),
      std::move(help),
      std::move(default_text),
      false,
      last_into(into, [](const std::string& text) -> Result<std::string> { return text; })};
  spec.has_variable = false;
  return spec;
}

OptionSpec switch_spec(std::string name, std::string help, bool& into) {
  OptionSpec spec{
      name, "", std::move(help), "", false, last_into(into, [name](const std::string& text) {
        return internal::parse_bool("--" + name, text);
      })};
  spec.has_variable = false;
  return spec;
}

std::vector<OptionSpec> call_specs(const internal::OperationInfo& operation, CallOptions& into) {
  into.named.assign(operation.parameters.size(), {});
  std::vector<OptionSpec> specs;
  for (size_t i = 0; i < operation.parameters.size(); ++i) {
    const internal::ParameterInfo& parameter = operation.parameters[i];
    OptionSpec spec{parameter.name,
                    parameter.type == "boolean" ? "" : upper(parameter.type),
                    "the same by name",
                    "",
                    true,
                    [&into, i](const std::vector<std::string>& texts) -> Result<void> {
                      into.named[i] = texts;
                      return {};
                    }};
    spec.has_variable = false;
    specs.push_back(std::move(spec));
  }
  specs.push_back(json_spec(into.json, "the result as JSON, also on a terminal"));
  specs.push_back({"within", "DURATION", "the call is cancelled after that long", "", false,
                   last_into(into.within, [](const std::string& text) {
                     return internal::parse_value<std::chrono::nanoseconds>("--within", text);
                   })});
  if (operation.live) {
    specs.push_back({"instance", "PID", "which one to ask, where several run", "", false,
                     last_into(into.instance, [](const std::string& text) {
                       return internal::parse_value<int>("--instance", text);
                     })});
  }
  return specs;
}

std::vector<OptionSpec> own_specs(const internal::ServiceParts& parts) {
  std::vector<OptionSpec> specs;
  for (const internal::OptionInfo& info : parts.run_options) {
    std::string value_name;
    if (info.type != "boolean" || info.repeats) {
      for (const char c : info.type) value_name += static_cast<char>(c - 'a' + 'A');
    }
    // A switch that is off is nothing to tell.
    const bool off = info.type == "boolean" && info.default_text == "false";
    specs.push_back(
        {info.name, value_name, info.help, off ? "" : info.default_text, info.repeats, info.set});
  }
  return specs;
}

Result<std::vector<std::string>> read_options(const std::vector<OptionSpec>& specs,
                                              std::vector<std::string> words,
                                              const Lookup& variable, Words plain_words) {
  std::map<std::string, std::vector<std::string>> given;
  Result<std::vector<std::string>> plain = Scan(specs).read(words, given);
  if (!plain.ok()) return plain;
  if (plain_words == Words::kRefused && !plain->empty()) {
    return Error{ErrorKind::kBadInput,
                 "\"" + plain->front() + "\" is one word too many: only options are expected here",
                 plain->front()};
  }
  for (const OptionSpec& spec : specs) {
    std::vector<std::string> texts;
    std::string from;
    if (const auto found = given.find(spec.name); found != given.end()) {
      texts = found->second;
    } else if (const char* value =
                   !spec.has_variable ? nullptr : variable(variable_of(spec.name).c_str());
               value != nullptr && *value != '\0') {
      from = variable_of(spec.name) + ": ";
      texts = spec.repeats ? split_at_blanks(value) : std::vector<std::string>{value};
    }
    if (texts.empty()) continue;
    if (Result<void> set = spec.set(texts); !set.ok()) {
      Error error = set.error();
      error.message = from + error.message;
      return error;
    }
  }
  return plain;
}

}  // namespace outrigger::service
