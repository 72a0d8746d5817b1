#include "supervisor/words.h"

namespace outrigger::supervisor {
namespace {

constexpr std::string_view kRun = "run";
constexpr std::string_view kPlainWords[] = {
    kRun,        "version", "init", "health", "config", "template",
    "user-data", "push",    "op",   "help",   "sbom",   "profile",
};
constexpr std::string_view kDashedWords[] = {"v", "version", "h", "help", "init", "as-iam"};

template <size_t kCount>
bool contains(const std::string_view (&words)[kCount], std::string_view word) {
  for (const std::string_view candidate : words) {
    if (candidate == word) return true;
  }
  return false;
}

// "-x" and "--x" give "x"; anything else gives nothing.
std::string_view without_dashes(std::string_view word) {
  if (!word.starts_with('-')) return {};
  word.remove_prefix(word.starts_with("--") ? 2 : 1);
  return word;
}

bool is_help(std::string_view word) {
  const std::string_view name = without_dashes(word);
  return name == "h" || name == "help";
}

}  // namespace

bool has_switch(int argc, const char* const* argv, std::string_view name) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word(argv[i]);
    if (word == "--") return false;
    if (without_dashes(word) == name) return true;
  }
  return false;
}

std::string_view option_value(int argc, const char* const* argv, std::string_view name) {
  std::string_view found;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word(argv[i]);
    if (word == "--") break;
    const std::string_view plain = without_dashes(word);
    if (plain == name && i + 1 < argc) found = argv[i + 1];
    if (plain.starts_with(name) && plain.substr(name.size()).starts_with('='))
      found = plain.substr(name.size() + 1);
  }
  return found;
}

bool is_contract_word(std::string_view word) {
  return contains(kPlainWords, word) || contains(kDashedWords, without_dashes(word));
}

Asks asks(int argc, const char* const* argv, Program program) {
  if (argc < 2) return Asks::kRun;
  const std::string_view first(argv[1]);
  if (first == kRun) {
    // `prober run --help` prints usage; nobody wants a keeper for that.
    const bool wants_help = program == Program::kOwnWords && argc > 2 && is_help(argv[2]);
    return wants_help ? Asks::kCommand : Asks::kRun;
  }
  if (is_contract_word(first)) return Asks::kCommand;
  if (program == Program::kAdopted) return Asks::kRun;
  return first.starts_with('-') ? Asks::kRun : Asks::kCommand;
}

bool asks_in_process(int argc, const char* const* argv) {
  return has_switch(argc, argv, "in-process");
}

bool asks_core(int argc, const char* const* argv, Program program) {
  return program == Program::kOwnWords && has_switch(argc, argv, "core");
}

}  // namespace outrigger::supervisor
