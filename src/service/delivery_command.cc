#include "service/delivery_command.h"

#include <algorithm>
#include <iterator>

#include "ops/ops.h"
#include "outrigger/version.h"
#include "service/alarms.h"
#include "service/declarations.h"
#include "service/say.h"
#include "service/settings.h"

namespace outrigger::service {
namespace {

using delivery::InitWanted;
using delivery::PushWanted;
using delivery::TemplateWanted;
using delivery::UserDataWanted;

const auto kNoVariable = [](const char*) -> const char* { return nullptr; };

// Of a command alone: no variable of the environment stands for it.
OptionSpec typed_only(OptionSpec spec) {
  spec.has_variable = false;
  return spec;
}

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
  return {
      switch_spec("print", "shows the definition for the init system, touches nothing", into.print),
      switch_spec("dry-run", "tells what would be done, touches nothing", into.dry_run),
      switch_spec("uninstall", "stops the service and removes what -init has made", into.uninstall),
      switch_spec("force", "overwrites a definition that somebody else changed", into.wanted.force),
      text_spec("root", "DIR", "installs below DIR, for building an image; nothing is started",
                into.wanted.root),
      text_spec("prefix", "DIR", "where its directory is made", into.wanted.prefix),
      text_spec("init-system", "NAME", "systemd or upstart; the default is the one that is there",
                into.wanted.init_system),
      text_spec("boot-log", "FILE", "a log that is sent to CloudWatch Logs at the end",
                into.wanted.boot_log),
      text_spec("signal", "STACK/RESOURCE", "whom CloudFormation is to tell how it ended",
                into.wanted.signal),
      typed_only(std::move(timeout)),
      typed_only(json_spec(into.json, "a line of JSON for each step"))};
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
  facts.profiles_bucket_output = parts.options.profiles_bucket_output;
  facts.stop_budget = parts.options.stop_budget;
  facts.unit = parts.unit;
  facts.steps = parts.init_steps;
  return facts;
}

// Where a template is for: the service has not run there yet.
void add_declarations(const internal::ServiceParts& parts, delivery::Facts& facts) {
  const Environment production{"production", EnvironmentKind::kProduction, "by a template", true,
                               false};
  const auto settings = resolve_settings(parts.settings, EnvironmentKind::kProduction, kNoVariable);
  const RunOptions defaults;
  facts.declarations =
      declarations_json({parts, defaults, production, settings, Manner::kOwnMain}).dump();
  facts.alarms = alarms_json(parts, Json{{"Ref", "Environment"}}).dump();
  facts.bill = bill_text(parts);
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

// With the port that the service will open; --listen is taken out of `run_words`.
Result<delivery::Facts> facts_for(const internal::ServiceParts& parts, Program program,
                                  std::vector<std::string>& run_words) {
  delivery::Facts facts = facts_of(parts, program);
  if (facts.listen.empty()) return facts;
  const auto listen = parse_address("--listen", taken_listen(run_words, facts.listen));
  if (!listen.ok()) return listen.error();
  facts.listen = *listen;
  return facts;
}

int refuse(const internal::ServiceParts& parts, const std::string& sentence, int status) {
  say_error(parts.options.name, sentence);
  return status;
}

// What is wrong with the words, if anything; else they are in what `specs` point to.
Result<void> read_words(const std::vector<OptionSpec>& specs, std::vector<std::string> words) {
  const auto plain = read_options(specs, std::move(words), kNoVariable, Words::kRefused);
  return plain.ok() ? Result<void>() : plain.error();
}

int init(const internal::ServiceParts& parts, Program program, const ops::Table& door,
         std::vector<std::string> words) {
  InitGiven given;
  given.wanted.run_words = split_off_run_words(words);
  if (const auto read = read_words(init_specs(given), std::move(words)); !read.ok())
    return refuse(parts, read.error().message, kExitUsage);
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
  const std::string& signal = given.wanted.signal;
  if (!signal.empty() && (signal.find('/') == std::string::npos || signal.ends_with('/')))
    return refuse(parts, bad_input("--signal", signal, "STACK/RESOURCE").message, kExitUsage);
  auto facts = facts_for(parts, program, given.wanted.run_words);
  if (!facts) return refuse(parts, facts.error().message, kExitUsage);
  if (!given.wanted.boot_log.empty()) add_declarations(parts, *facts);
  return door.init(*facts, given.wanted);
}

// Of the template's own stack.
constexpr const char* kGroup = "AutoScalingGroup";

// --- template, user-data -------------------------------------------------------------------------
struct TemplateGiven {
  TemplateWanted wanted;
  bool json = false;
};

std::vector<OptionSpec> template_specs(TemplateGiven& into) {
  using Platform = TemplateWanted::Platform;
  OptionSpec platform{
      "for",
      "PLATFORM",
      "ec2, ecs (both for CloudFormation), kubernetes, or image: an OCI image's tarball",
      "ec2",
      false,
      [&into](const std::vector<std::string>& texts) -> Result<void> {
        const std::string& name = texts.back();
        if (name == "ec2") into.wanted.platform = Platform::kEc2;
        else if (name == "ecs") into.wanted.platform = Platform::kEcs;
        else if (name == "kubernetes") into.wanted.platform = Platform::kKubernetes;
        else if (name == "image") into.wanted.platform = Platform::kImage;
        else return bad_input("--for", name, "ec2, ecs, kubernetes or image");
        return {};
      }};
  return {
      typed_only(std::move(platform)),
      typed_only(json_spec(into.json, "as JSON; the default is YAML")),
      switch_spec("policy", "the policy of the service's role alone, as JSON", into.wanted.policy),
      text_spec("image", "NAME", "the container image, with registry and tag", into.wanted.image)};
}

int print_template(const internal::ServiceParts& parts, Program program, const ops::Table& door,
                   std::vector<std::string> words) {
  TemplateGiven given;
  given.wanted.run_words = split_off_run_words(words);
  if (const auto read = read_words(template_specs(given), std::move(words)); !read.ok())
    return refuse(parts, read.error().message, kExitUsage);
  if (given.json) given.wanted.format = TemplateWanted::Format::kJson;
  // What is printed keeps --listen.
  std::vector<std::string> looked_at = given.wanted.run_words;
  auto facts = facts_for(parts, program, looked_at);
  if (!facts) return refuse(parts, facts.error().message, kExitUsage);
  add_declarations(parts, *facts);
  return door.print_template(*facts, given.wanted);
}

std::vector<OptionSpec> user_data_specs(UserDataWanted& into) {
  return {
      text_spec("bucket", "NAME", "S3 bucket; outrigger-ACCOUNT-REGION where none is named",
                into.bucket),
      text_spec("version", "VERSION", "which one; this file's where none is named", into.version),
      text_spec("sha256", "HEX", "of that version's file; this file's where none is named",
                into.sha256),
      text_spec("stack", "NAME", "CloudFormation's, that is told how it ended", into.stack),
      text_spec("resource", "ID", "the group of instances in that stack", into.resource)};
}

int print_user_data(const internal::ServiceParts& parts, Program program, const ops::Table& door,
                    std::vector<std::string> words) {
  UserDataWanted wanted;
  wanted.resource = kGroup;
  wanted.run_words = split_off_run_words(words);
  if (const auto read = read_words(user_data_specs(wanted), std::move(words)); !read.ok())
    return refuse(parts, read.error().message, kExitUsage);
  const bool hex = std::all_of(wanted.sha256.begin(), wanted.sha256.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
  if (!wanted.sha256.empty() && (!hex || wanted.sha256.size() != 64))
    return refuse(parts,
                  bad_input("--sha256", wanted.sha256, "64 digits of lower-case hex").message,
                  kExitUsage);
  if (!wanted.version.empty() && wanted.version != version() && wanted.sha256.empty())
    return refuse(parts, "--version names another file than this: --sha256 has to say which",
                  kExitUsage);
  return door.print_user_data(facts_of(parts, program), wanted);
}

// --- push ----------------------------------------------------------------------------------------
struct PushGiven {
  PushWanted wanted;
  bool json = false;
};

std::vector<OptionSpec> push_specs(PushGiven& into) {
  return {text_spec("bucket", "NAME", "S3 bucket; outrigger-ACCOUNT-REGION where none is named",
                    into.wanted.bucket),
          text_spec("to-stack", "NAME", "updates that stack to this version, and follows it",
                    into.wanted.to_stack),
          text_spec("debug-file", "FILE",
                    "goes beside it; ../debug/SERVICE.debug where none is named and that is there",
                    into.wanted.debug_file),
          switch_spec("allow-changes", "also a build from changes that are in no commit",
                      into.wanted.allow_changes),
          typed_only(json_spec(into.json, "a line of JSON for each step"))};
}

int push(const internal::ServiceParts& parts, Program program, const ops::Table& door,
         std::vector<std::string> words) {
  PushGiven given;
  if (const auto read = read_words(push_specs(given), std::move(words)); !read.ok())
    return refuse(parts, read.error().message, kExitUsage);
  if (given.json) given.wanted.progress = InitWanted::Progress::kJson;
  return door.push(facts_of(parts, program), given.wanted);
}

constexpr std::string_view kWords[] = {"init", "template", "user-data", "push"};

}  // namespace

bool is_delivery_command(std::string_view word) {
  return std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords);
}

std::vector<OptionSpec> delivery_specs(std::string_view word) {
  static InitGiven init_defaults;
  static TemplateGiven template_defaults;
  static UserDataWanted user_data_defaults;
  user_data_defaults.resource = kGroup;
  if (word == "init") return init_specs(init_defaults);
  static PushGiven push_defaults;
  if (word == "push") return push_specs(push_defaults);
  if (word == "template") return template_specs(template_defaults);
  return user_data_specs(user_data_defaults);
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
  if (word == "push") return push(parts, program, *door, std::move(rest));
  if (word == "template") return print_template(parts, program, *door, std::move(rest));
  if (word == "user-data") return print_user_data(parts, program, *door, std::move(rest));
  return init(parts, program, *door, std::move(rest));
}

}  // namespace outrigger::service
