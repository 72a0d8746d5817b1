#include "service/run.h"

#include <stdlib.h>

#include <string>
#include <vector>

#include "service/commands.h"
#include "service/say.h"
#include "service/serve.h"
#include "service/validate.h"
#include "supervisor/crew.h"

namespace outrigger::service {

bool prepare(internal::ServiceParts& parts, int argc, char** argv) {
  if (parts.options.name.empty())
    parts.options.name = base::base_name(argc > 0 ? argv[0] : nullptr);
  const std::string wrong = wrong_with(parts);
  if (!wrong.empty()) say_error(base::base_name(argc > 0 ? argv[0] : nullptr), wrong);
  return wrong.empty();
}

bool is_to_serve() {
  const supervisor::Part part = supervisor::crew().part;
  return part == supervisor::Part::kService || part == supervisor::Part::kAlone;
}

int serve(internal::ServiceParts& parts, std::vector<std::string> option_words,
          std::function<int()> own_main) {
  RunOptions options;
  std::vector<OptionSpec> specs = own_specs(parts);
  for (OptionSpec& spec : run_specs(options)) specs.push_back(std::move(spec));
  for (OptionSpec& spec : common_specs(options)) specs.push_back(std::move(spec));
  const auto variable = [](const char* name) -> const char* { return getenv(name); };
  const auto read = read_options(specs, std::move(option_words), variable, Words::kRefused);
  if (!read.ok()) {
    say_error(parts.options.name, read.error().message);
    return kExitUsage;
  }
  return Serving(parts, options, std::move(own_main)).run();
}

}  // namespace outrigger::service

namespace outrigger {

int run(int argc, char** argv, Service& service) {
  internal::ServiceParts& parts = service.parts();
  if (!service::prepare(parts, argc, argv)) return service::kExitFailed;
  std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  if (!service::is_to_serve()) {
    if (words.empty()) words.emplace_back("run");
    return service::run_command(parts, service::Program::kOwnWords, std::move(words));
  }
  if (!words.empty() && words.front() == "run") words.erase(words.begin());
  return service::serve(parts, std::move(words), {});
}

}  // namespace outrigger
