#include "service/commands.h"

#include <stdlib.h>

#include <algorithm>

#include "ops/ops.h"
#include "outrigger/version.h"
#include "service/call.h"
#include "service/declarations.h"
#include "service/delivery_command.h"
#include "service/nearest.h"
#include "service/operation_command.h"
#include "service/options.h"
#include "service/say.h"
#include "service/sbom.h"
#include "service/settled.h"
#include "supervisor/words.h"

namespace outrigger::service {
namespace {

using Words = std::vector<std::string>;

const char* variable(const char* name) { return getenv(name); }

bool is_any_of(const std::string& word, std::initializer_list<const char*> candidates) {
  return std::find(candidates.begin(), candidates.end(), word) != candidates.end();
}
bool asks_help(const std::string& word) {
  return is_any_of(word, {"-h", "-help", "--help", "--h"});
}

class Commands {
 public:
  Commands(const internal::ServiceParts& parts, Program program)
      : parts_(parts), name_(parts.options.name), program_(program) {}

  int run(Words words) {
    const std::string word = words.front();
    const Words rest(words.begin() + 1, words.end());
    if (is_any_of(word, {"version", "-v", "--v", "-version", "--version"})) {
      return print(name_, std::string(version()) + "\n");
    }
    if (word == "help" || asks_help(word)) return help(rest);
    if (is_any_of(word, {"run", "health", "config", "op", "profile", "sbom"}) && !rest.empty() &&
        asks_help(rest.front())) {
      return print(name_, help_text_for(parts_, word));
    }
    if (word == "health") return asked(word, rest, &ops::Table::health_command);
    if (word == "profile") return asked(word, rest, &ops::Table::profile_command);
    if (is_any_of(word, {"--as-iam", "-as-iam"})) return as_iam(rest);
    if (word == "config") return config(rest);
    if (word == "op") return operation_by_op(rest);
    if (word == "sbom") return list_of_parts(rest);
    const std::string plain = word.substr(std::min(word.find_first_not_of('-'), word.size()));
    if (is_delivery_command(plain) && supervisor::is_contract_word(word)) {
      return !rest.empty() && asks_help(rest.front())
                 ? print(name_, help_text_for(parts_, plain))
                 : delivery_command(parts_, program_, plain, rest);
    }
    const internal::OperationInfo* operation = find_operation(parts_.operations, word);
    if (operation != nullptr && program_ == Program::kOwnWords)
      return run_operation(*operation, rest);
    if (word == "run" || word.starts_with('-')) {
      return refuse(
          "this program was linked without its roles; declare it with outrigger_add_service",
          kExitFailed);
    }
    return unknown_word(word);
  }

 private:
  int refuse(const std::string& sentence, int status) const {
    say_error(name_, sentence);
    return status;
  }

  int unknown_word(const std::string& word) const {
    Words known;
    for (const CommandWord& command : command_words()) known.emplace_back(command.name);
    for (const internal::OperationInfo& operation : parts_.operations)
      known.push_back(operation.name);
    return refuse(
        "unknown word \"" + word + "\"; the nearest known one is \"" + nearest(word, known) + "\"",
        kExitUsage);
  }

  int help(const Words& rest) const {
    if (rest.empty()) return print(name_, help_text(parts_, program_));
    const std::string text = help_text_for(parts_, rest.front());
    return text.empty() ? unknown_word(rest.front()) : print(name_, text);
  }

  // By a function of the operations object that asks the running service.
  int asked(const std::string& word, const Words& rest,
            int (*ops::Table::*command)(std::string_view, int, char**)) const {
    const ops::Table* door = ops::table();
    if (door == nullptr) {
      return refuse(word +
                        " needs the operations object; declare this program with "
                        "outrigger_add_service",
                    kExitFailed);
    }
    std::vector<char*> argv;
    for (const std::string& each : rest) argv.push_back(const_cast<char*>(each.c_str()));
    argv.push_back(nullptr);
    return (door->*command)(name_, static_cast<int>(rest.size()), argv.data());
  }

  // Another service of this name, elsewhere.
  int as_iam(Words rest) const {
    if (rest.empty() || asks_help(rest.front()))
      return print(name_, help_text_for(parts_, "--as-iam"));
    const std::string word = rest.front();
    rest.front() = "--as-iam";
    if (word == "health") return asked(word, rest, &ops::Table::health_command);
    if (word == "profile") return asked(word, rest, &ops::Table::profile_command);
    if (word == "log") return asked(word, rest, &ops::Table::log_command);
    return refuse("--as-iam: \"" + word + "\" will not do: expected health, profile or log",
                  kExitUsage);
  }

  int config(const Words& rest) const {
    RunOptions options;
    bool json = false;
    std::vector<OptionSpec> specs = common_specs(options);
    specs.push_back(json_spec(json, "in one line of JSON"));
    const Result<Words> plain = read_options(specs, rest, variable, service::Words::kRefused);
    if (!plain.ok()) return refuse(plain.error().message, kExitUsage);
    const Settled settled = settle(parts_, options);
    const std::string fault = settings_at_fault(settled.settings, settled.environment);
    if (!fault.empty()) say_error(name_, fault);
    const int printed = print(name_, json ? config_json(settled) : config_text(settled));
    return fault.empty() ? printed : kExitFailed;
  }

  int list_of_parts(const Words& rest) const {
    if (!rest.empty())
      return refuse("sbom takes nothing behind it, not \"" + rest.front() + "\"", kExitUsage);
    const Result<std::string> document = sbom();
    return document.ok() ? print(name_, *document) : refuse(document.error().message, kExitFailed);
  }

  int operation_by_op(const Words& rest) const {
    if (rest.empty()) return refuse("op needs the name of an operation", kExitUsage);
    const internal::OperationInfo* operation = find_operation(parts_.operations, rest.front());
    if (operation != nullptr) return run_operation(*operation, Words(rest.begin() + 1, rest.end()));
    Words known;
    for (const internal::OperationInfo& each : parts_.operations) known.push_back(each.name);
    std::string sentence = "unknown operation \"" + rest.front() + "\"";
    if (!known.empty())
      sentence += "; the nearest known one is \"" + nearest(rest.front(), known) + "\"";
    return refuse(sentence, kExitUsage);
  }

  int run_operation(const internal::OperationInfo& operation, const Words& rest) const {
    if (!rest.empty() && asks_help(rest.front()))
      return print(name_, help_text_for(parts_, operation.name));
    return operation_command(parts_, operation, rest);
  }

  const internal::ServiceParts& parts_;
  const std::string& name_;
  const Program program_;
};

}  // namespace

int run_command(const internal::ServiceParts& parts, Program program,
                std::vector<std::string> words) {
  return Commands(parts, program).run(std::move(words));
}

}  // namespace outrigger::service
