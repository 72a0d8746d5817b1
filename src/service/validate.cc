#include "service/validate.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "base/network.h"
#include "segment/layout.h"
#include "service/alarms.h"
#include "service/options.h"
#include "supervisor/words.h"

namespace outrigger::service {
namespace {

// A word that is at home on a command line, in a URL and in a variable's name.
bool is_plain_word(std::string_view text, size_t bytes_max) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !text.empty() && text.size() <= bytes_max && text.front() >= 'a' && text.front() <= 'z' &&
         std::all_of(text.begin(), text.end(), fits);
}

constexpr char kPlainWord[] =
    " will not do: expected a lower-case letter, then up to 62 letters, digits, dashes, "
    "underscores";

// What one name space holds, and what is wrong with the next name in it.
class Names {
 public:
  explicit Names(std::string what) : what_(std::move(what)) {}

  std::string wrong_with(const std::string& name) {
    if (!is_plain_word(name, 63)) return what_ + " name \"" + name + "\"" + kPlainWord;
    return taken(name);
  }
  std::string taken(const std::string& name) {
    return known_.insert(name).second ? "" : what_ + " \"" + name + "\" is declared twice";
  }

 private:
  std::string what_;
  std::set<std::string> known_;
};

constexpr std::chrono::hours kWithinMax(24 * 30);

// What every call of an operation takes besides its parameters.
std::vector<std::string> options_of_calls(const internal::ServiceParts& parts) {
  std::vector<std::string> names{"help", "h", "json", "within", "instance"};
  RunOptions unused;
  for (const OptionSpec& spec : common_specs(unused)) names.push_back(spec.name);
  for (const internal::OptionInfo& option : parts.run_options) names.push_back(option.name);
  return names;
}

std::string wrong_with_parameters(const internal::OperationInfo& operation,
                                  const std::vector<std::string>& taken) {
  Names parameters("parameter of " + operation.name);
  const internal::ParameterInfo* left_out = nullptr;
  for (const internal::ParameterInfo& parameter : operation.parameters) {
    if (std::string wrong = parameters.wrong_with(parameter.name); !wrong.empty()) return wrong;
    const std::string which = "parameter " + parameter.name + " of " + operation.name;
    if (std::find(taken.begin(), taken.end(), parameter.name) != taken.end()) {
      return which + " will not do: --" + parameter.name +
             " is an option of the command already; choose another name";
    }
    if (!parameter.wrong.empty()) return which + ": " + parameter.wrong;
    if (parameter.may_be_left_out()) {
      left_out = &parameter;
    } else if (left_out != nullptr) {
      return which + " must be given, so it cannot follow " + left_out->name +
             ", which may be left out";
    }
  }
  return {};
}

std::string wrong_with_operations(const internal::ServiceParts& parts) {
  Names operations("operation");
  const std::vector<std::string> taken = options_of_calls(parts);
  for (const internal::OperationInfo& operation : parts.operations) {
    if (std::string wrong = operations.wrong_with(operation.name); !wrong.empty()) return wrong;
    if (supervisor::is_contract_word(operation.name)) {
      return "operation name \"" + operation.name +
             "\" will not do: it is a word of every service's command line; choose another";
    }
    if (operation.within.count() < 0 || operation.within > kWithinMax) {
      return "operation " + operation.name + ": .within(" + internal::text_of(operation.within) +
             ") will not do: expected up to " + internal::text_of(kWithinMax);
    }
    if (std::string wrong = wrong_with_parameters(operation, taken); !wrong.empty()) return wrong;
  }
  return {};
}

std::string wrong_with_options(const internal::ServiceParts& parts) {
  Names options("option");
  RunOptions unused;
  for (const OptionSpec& spec : common_specs(unused)) options.taken(spec.name);
  for (const OptionSpec& spec : run_specs(unused)) options.taken(spec.name);
  for (const char* word : {"help", "version", "init", "json", "h", "v", "as-iam"})
    options.taken(word);
  for (const internal::OptionInfo& option : parts.run_options) {
    if (std::string wrong = options.wrong_with(option.name); !wrong.empty()) {
      return wrong + (wrong.ends_with("twice") ? ", or is one that every service has" : "");
    }
  }
  return {};
}

std::string wrong_with_checks(const internal::ServiceParts& parts) {
  Names checks("check");
  if (parts.checks.size() > segment::kChecks) {
    return std::to_string(parts.checks.size()) + " checks are declared; there is room for " +
           std::to_string(segment::kChecks);
  }
  for (const internal::CheckInfo& check : parts.checks) {
    if (check.name.empty() || check.name.size() > 63)
      return "check name \"" + check.name + "\" will not do: expected 1 to 63 bytes";
    if (std::string wrong = checks.taken(check.name); !wrong.empty()) return wrong;
    if (check.options.every.count() <= 0 || check.options.timeout.count() <= 0) {
      return "check \"" + check.name + "\": .every and .timeout must be longer than nothing";
    }
  }
  return {};
}

// "arn:aws:iam::123456789012:role/team/Operators"
std::string wrong_with_role(const std::string& arn) {
  constexpr std::string_view kMiddle = ":iam::";
  constexpr std::string_view kRole = ":role/";
  constexpr size_t kAccountDigits = 12;
  const size_t middle = arn.find(kMiddle);
  const size_t account = middle == std::string::npos ? middle : middle + kMiddle.size();
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool fits =
      arn.starts_with("arn:aws") && account != std::string::npos && arn.find(':', 4) == middle &&
      arn.size() > account + kAccountDigits &&
      std::all_of(arn.begin() + static_cast<ptrdiff_t>(account),
                  arn.begin() + static_cast<ptrdiff_t>(account + kAccountDigits), is_digit) &&
      std::string_view(arn).substr(account + kAccountDigits).starts_with(kRole) &&
      !arn.ends_with('/') && arn.find_first_of("*? ") == std::string::npos;
  if (fits) return {};
  return "admin_roles: \"" + arn +
         "\" will not do: expected the whole name of one role, as "
         "arn:aws:iam::123456789012:role/Operators";
}

}  // namespace

std::string wrong_with(const internal::ServiceParts& parts) {
  const ServiceOptions& options = parts.options;
  if (!is_plain_word(options.name, 63)) return "service name \"" + options.name + "\"" + kPlainWord;
  if (options.stop_budget < std::chrono::milliseconds(100) ||
      options.stop_budget > std::chrono::hours(1)) {
    return "stop_budget " + internal::text_of(std::chrono::nanoseconds(options.stop_budget)) +
           " will not do: expected 100ms to 1h";
  }
  if (options.threads < 1 || options.threads > 1024)
    return "threads " + std::to_string(options.threads) + " will not do: expected 1 to 1024";
  for (const std::string& network : options.admin_networks)
    if (!base::parse_network(network))
      return "admin_networks: \"" + network +
             "\" will not do: expected a network by its first address, as 10.1.0.0/16";
  for (const std::string& role : options.admin_roles)
    if (std::string wrong = wrong_with_role(role); !wrong.empty()) return wrong;
  if (options.lame_duck.count() < 0) return "lame_duck must not be negative";
  if (std::string wrong = wrong_with_operations(parts); !wrong.empty()) return wrong;
  if (std::string wrong = wrong_with_options(parts); !wrong.empty()) return wrong;
  if (std::string wrong = wrong_with_checks(parts); !wrong.empty()) return wrong;
  if (std::string wrong = wrong_with_system(parts.system); !wrong.empty()) return wrong;
  if (std::string wrong = wrong_with_alarms(parts); !wrong.empty()) return wrong;
  Names settings("setting");
  for (const internal::SettingInfo& setting : parts.settings) {
    if (setting.name.empty()) return "a setting has no name";
    if (std::string wrong = settings.taken(setting.name); !wrong.empty()) return wrong;
  }
  return {};
}

}  // namespace outrigger::service
