#include "service/delivery_command.h"

#include <algorithm>

#include "ops/ops.h"
#include "outrigger/version.h"
#include "service/declarations.h"
#include "service/say.h"

namespace outrigger::service {
namespace {

using delivery::InitWanted;

struct InitGiven {
  InitWanted wanted;
  bool print = false;
  bool dry_run = false;
  bool uninstall = false;
  bool json = false;
};

std::vector<OptionSpec> init_specs(InitGiven& into) {
  OptionSpec timeout{"timeout",
                     "DURATION",
                     "how long it may take to be ready",
                     "1m",
                     false,
                     [&into](const std::vector<std::string>& texts) -> Result<void> {
                       const auto time = internal::parse_value<std::chrono::milliseconds>(
                           "--timeout", texts.back());
                       if (!time.ok()) return time.error();
                       if (time->count() <= 0)
                         return bad_input("--timeout", texts.back(), "more than nothing");
                       into.wanted.timeout = *time;
                       return {};
                     }};
  timeout.has_variable = false;
  std::vector<OptionSpec> specs{
      switch_spec("print", "shows the definition for the init system, touches nothing", into.print),
      switch_spec("dry-run", "tells what would be done, touches nothing", into.dry_run),
      switch_spec("uninstall", "stops the service and removes what -init has made", into.uninstall),
      switch_spec("force", "overwrites a definition that somebody else changed", into.wanted.force),
      text_spec("root", "DIR", "installs below DIR, for building an image; nothing is started",
                into.wanted.root),
      text_spec("prefix", "DIR", "where its directory is made", into.wanted.prefix),
      text_spec("init-system", "NAME", "systemd or upstart; the default is the one that is there",
                into.wanted.init_system),
      std::move(timeout)};
  OptionSpec json = json_spec(into.json, "a line of JSON for each step");
  json.has_variable = false;
  specs.push_back(std::move(json));
  return specs;
}

delivery::Facts facts_of(const internal::ServiceParts& parts, Program program) {
  delivery::Facts facts;
  facts.name = parts.options.name;
  facts.about = parts.options.about;
  facts.version = version();
  const RunOptions defaults;
  // An adopted program opens its port itself.
  if (program == Program::kOwnWords && !parts.operations.empty()) facts.listen = defaults.listen;
  facts.admin = "0.0.0.0:8081";
  facts.log_group_output = parts.options.log_group_output;
  facts.stop_budget = parts.options.stop_budget;
  facts.unit = parts.unit;
  facts.steps = parts.init_steps;
  return facts;
}

// Behind "--": the options with which the service is to be run.
std::vector<std::string> split_off_run_words(std::vector<std::string>& words) {
  const auto dashes = std::find(words.begin(), words.end(), "--");
  if (dashes == words.end()) return {};
  std::vector<std::string> behind(dashes + 1, words.end());
  words.erase(dashes, words.end());
  return behind;
}

// --listen is the socket unit's, which hands the port over.
std::string taken_listen(std::vector<std::string>& run_words, std::string otherwise) {
  for (auto word = run_words.begin(); word != run_words.end(); ++word) {
    std::string_view name = *word;
    name.remove_prefix(std::min(name.find_first_not_of('-'), name.size()));
    if (!word->starts_with('-') || !name.starts_with("listen")) continue;
    if (name.starts_with("listen=")) {
      std::string value(name.substr(7));
      run_words.erase(word);
      return value;
    }
    if (name == "listen" && word + 1 != run_words.end()) {
      std::string value = *(word + 1);
      run_words.erase(word, word + 2);
      return value;
    }
  }
  return otherwise;
}

int refuse(const internal::ServiceParts& parts, const std::string& sentence, int status) {
  say_error(parts.options.name, sentence);
  return status;
}

int init(const internal::ServiceParts& parts, Program program, const ops::Table& door,
         std::vector<std::string> words) {
  InitGiven given;
  given.wanted.run_words = split_off_run_words(words);
  const auto no_variable = [](const char*) -> const char* { return nullptr; };
  const auto plain =
      read_options(init_specs(given), std::move(words), no_variable, Words::kRefused);
  if (!plain.ok()) return refuse(parts, plain.error().message, kExitUsage);
  if (given.print + given.dry_run + given.uninstall > 1)
    return refuse(parts, "--print, --dry-run and --uninstall exclude each other", kExitUsage);
  if (given.print) given.wanted.what = InitWanted::What::kPrint;
  if (given.dry_run) given.wanted.what = InitWanted::What::kDryRun;
  if (given.uninstall) given.wanted.what = InitWanted::What::kUninstall;
  if (given.json) given.wanted.progress = InitWanted::Progress::kJson;
  for (std::string* path : {&given.wanted.root, &given.wanted.prefix}) {
    while (path->size() > 1 && path->ends_with('/')) path->pop_back();
    if (*path == "/") path->clear();
  }
  if (!given.wanted.prefix.starts_with('/'))
    return refuse(parts, bad_input("--prefix", given.wanted.prefix, "an absolute path").message,
                  kExitUsage);
  delivery::Facts facts = facts_of(parts, program);
  if (!facts.listen.empty()) {
    const auto listen =
        parse_address("--listen", taken_listen(given.wanted.run_words, facts.listen));
    if (!listen.ok()) return refuse(parts, listen.error().message, kExitUsage);
    facts.listen = *listen;
  }
  return door.init(facts, given.wanted);
}

}  // namespace

bool is_delivery_command(std::string_view word) { return word == "init"; }

std::vector<OptionSpec> delivery_specs(std::string_view word) {
  static InitGiven init_defaults;
  return word == "init" ? init_specs(init_defaults) : std::vector<OptionSpec>();
}

int delivery_command(const internal::ServiceParts& parts, Program program, const std::string& word,
                     std::vector<std::string> rest) {
  const ops::Table* door = ops::table();
  if (door == nullptr) {
    return refuse(parts,
                  word +
                      " needs the operations object; declare this program with "
                      "outrigger_add_service",
                  kExitFailed);
  }
  return init(parts, program, *door, std::move(rest));
}

}  // namespace outrigger::service
