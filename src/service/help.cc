#include "service/help.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "outrigger/version.h"
#include "service/call.h"
#include "service/delivery_command.h"
#include "service/options.h"

namespace outrigger::service {
namespace {

constexpr size_t kLeftColumnMax = 34;

// Two columns, the left one as wide as its widest entry.
class Columns {
 public:
  void add(std::string left, std::string right) {
    rows_.emplace_back(std::move(left), std::move(right));
  }

  std::string text() const {
    size_t width = 0;
    for (const auto& [left, right] : rows_)
      width = std::max(width, std::min(left.size(), kLeftColumnMax));
    std::string out;
    for (const auto& [left, right] : rows_) {
      out += "  " + left;
      if (!right.empty()) {
        if (left.size() > width) out += "\n" + std::string(width + 2, ' ');
        out.append(left.size() > width ? 2 : width - left.size() + 2, ' ');
        out += right;
      }
      out += '\n';
    }
    return out;
  }

 private:
  std::vector<std::pair<std::string, std::string>> rows_;
};

std::string options_text(const std::vector<OptionSpec>& specs) {
  Columns columns;
  for (const OptionSpec& spec : specs) {
    std::string right = spec.help;
    if (spec.repeats) right += "; may be given several times";
    if (!spec.default_text.empty()) right += " (default: " + spec.default_text + ")";
    columns.add("--" + spec.name + (spec.value_name.empty() ? "" : " " + spec.value_name), right);
  }
  return columns.text();
}

std::vector<OptionSpec> joined(std::vector<OptionSpec> first, std::vector<OptionSpec> second) {
  std::move(second.begin(), second.end(), std::back_inserter(first));
  return first;
}

constexpr char kVariables[] =
    "Each option also works with one dash, and as a variable: OUTRIGGER_ and its name in capitals, "
    "- as _.\n";

std::string run_options_text(const internal::ServiceParts& parts) {
  RunOptions defaults;
  const auto common = joined(run_specs(defaults), common_specs(defaults));
  return "Options of run:\n" + options_text(joined(own_specs(parts), common)) + kVariables;
}

std::string text_of(const Json& value) {
  return value.as_string() != nullptr ? *value.as_string() : value.dump();
}

std::string endpoint_of(const internal::OperationInfo& operation) {
  if (operation.cli_only) return "no HTTP endpoint";
  std::string endpoint = (operation.read_only ? "GET /" : "POST /") + operation.name;
  char separator = '?';
  for (const internal::ParameterInfo& parameter : operation.parameters) {
    endpoint += separator + parameter.name + "=";
    separator = '&';
  }
  return endpoint;
}

std::string kind_of(const internal::ParameterInfo& parameter) {
  std::string kind(parameter.type);
  for (size_t i = 0; i < parameter.one_of.size(); ++i)
    kind += (i == 0 ? ": " : " | ") + text_of(parameter.one_of[i]);
  if (parameter.otherwise) {
    kind += ", default: " + text_of(*parameter.otherwise);
  } else if (parameter.arity == internal::Arity::kMany) {
    kind +=
        ", " + (parameter.at_least == 1 ? "one" : std::to_string(parameter.at_least)) + " or more";
  } else if (parameter.may_be_left_out()) {
    kind += ", may be left out";
  }
  return kind;
}

std::string traits_of(const internal::OperationInfo& operation) {
  std::string traits;
  if (operation.live) traits += "Asks the running service.\n";
  if (operation.answers == internal::Answers::kInLines) traits += "The result comes in lines.\n";
  if (operation.restricted)
    traits += "Restricted: over HTTP for this service's own user, unless it runs locally.\n";
  if (operation.within.count() > 0)
    traits += "Cancelled after " + internal::text_of(operation.within) + ".\n";
  return traits;
}

std::string operation_text(const internal::ServiceParts& parts,
                           const internal::OperationInfo& operation) {
  std::string out = "Usage: " + parts.options.name + " " + usage_of(operation) + "\n       " +
                    endpoint_of(operation) + "\n\n" + operation.about + "\n" + traits_of(operation);
  Columns columns;
  for (const internal::ParameterInfo& parameter : operation.parameters) {
    columns.add(parameter.name, parameter.help + " (" + kind_of(parameter) + ")");
  }
  if (!operation.parameters.empty()) out += "\nParameters:\n" + columns.text();
  RunOptions defaults;
  CallOptions call;
  std::vector<OptionSpec> specs = joined(own_specs(parts), common_specs(defaults));
  for (OptionSpec& spec : call_specs(operation, call)) {
    if (spec.has_variable) specs.push_back(std::move(spec));
  }
  if (!operation.parameters.empty())
    out += "Each may be given by its name as well: --name VALUE.\n";
  return out + "\nOptions:\n" + options_text(specs) + kVariables;
}

}  // namespace

const std::vector<CommandWord>& command_words() {
  static const std::vector<CommandWord> words{
      {"run", "run [OPTIONS]", "runs the service; the word may be left out"},
      {"health", "health [URL] [--fingerprint SHA256] [--json]",
       "asks the running service how it is"},
      {"profile",
       "profile cpu|wall|heap|allocs|mutex|block|threads [--seconds N] [--hz N] [--since 10m] "
       "[--text] [-o FILE|-] "
       "[--instance PID]",
       "takes a profile of the running service"},
      {"--as-iam",
       "--as-iam health|profile|log URL --audience SERVICE/ENVIRONMENT/INSTANCE [--fingerprint "
       "SHA256] [--plaintext]",
       "asks one elsewhere, by an IAM role; log takes a level to set"},
      {"config", "config [--json]", "each setting, its value, where it came from"},
      {"init", "-init [OPTIONS] [-- OPTIONS OF RUN]",
       "installs this file on this machine as a service, and starts it"},
      {"template", "template [--for ec2|ecs|kubernetes|image] [OPTIONS] [-- OPTIONS OF RUN]",
       "prints what runs it in the cloud: a CloudFormation template, manifests, its policy"},
      {"user-data", "user-data [OPTIONS] [-- OPTIONS OF RUN]",
       "prints the script that installs it when a machine boots for the first time"},
      {"push", "push [--to-stack NAME] [OPTIONS]",
       "uploads this file to S3 under its version, for machines to fetch"},
      {"version", "version", "prints the version, that line alone"},
      {"sbom", "sbom", "what this file was linked from, as CycloneDX JSON"},
      {"op", "op NAME ...", "runs an operation whose name is taken by a command"},
      {"help", "help [COMMAND]", "this text, or a command's own"},
  };
  return words;
}

std::string help_text(const internal::ServiceParts& parts, Program program) {
  const std::string& name = parts.options.name;
  std::string out = name + " " + std::string(version());
  out += parts.options.about.empty() ? "\n\n" : ": " + parts.options.about + "\n\n";
  out += "Usage: " + name +
         (program == Program::kAdopted ? " ARGUMENTS OF ITS OWN ...\n" : " [run] [OPTIONS]\n");
  out += "       " + name + " COMMAND ...\n";
  if (!parts.operations.empty()) {
    Columns operations;
    for (const internal::OperationInfo& operation : parts.operations) {
      const bool hidden = program == Program::kAdopted;
      operations.add((hidden ? "op " : "") + usage_of(operation),
                     operation.about + "  [" + endpoint_of(operation) + "]");
    }
    out += "\nOperations:\n" + operations.text();
  }
  Columns commands;
  for (const CommandWord& word : command_words())
    commands.add(std::string(word.usage), std::string(word.about));
  return out + "\nCommands:\n" + commands.text() + "\n" + run_options_text(parts);
}

std::string help_text_for(const internal::ServiceParts& parts, std::string_view word) {
  const std::string& name = parts.options.name;
  for (const CommandWord& command : command_words()) {
    if (command.name != word) continue;
    std::string out = "Usage: " + name + " " + std::string(command.usage) + "\n\n" +
                      std::string(command.about) + "\n";
    if (word == "run") out += "\n" + run_options_text(parts);
    if (is_delivery_command(word)) out += "\nOptions:\n" + options_text(delivery_specs(word));
    return out;
  }
  if (const internal::OperationInfo* operation = find_operation(parts.operations, word)) {
    return operation_text(parts, *operation);
  }
  return {};
}

}  // namespace outrigger::service
