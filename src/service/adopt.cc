// A file of its own: the symbol below tells the early role choice that the program is adopted, and
// it is linked in only where adopt() is called.
#include <string>
#include <vector>

#include "service/commands.h"
#include "service/run.h"
#include "service/say.h"
#include "supervisor/crew.h"
#include "supervisor/words.h"

extern "C" const char outrigger_adopted = 1;

namespace outrigger {

int adopt(ServiceOptions options, int argc, char** argv, int (*old_main)(int argc, char** argv)) {
  Service service(std::move(options));
  return adopt(service, argc, argv, old_main);
}

int adopt(Service& service, int argc, char** argv, int (*old_main)(int argc, char** argv)) {
  internal::ServiceParts& parts = service.parts();
  if (!service::prepare(parts, argc, argv)) return service::kExitFailed;
  if (!service::is_to_serve()) {
    std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    if (words.empty() || !supervisor::is_contract_word(words.front())) words = {"run"};
    return service::run_command(parts, service::Program::kAdopted, std::move(words));
  }
  // The one word that is ours goes; the rest is the program's own, in the array that it was given.
  if (argc > 1 && std::string_view(argv[1]) == "run") {
    for (int i = 1; i < argc; ++i) argv[i] = argv[i + 1];
    --argc;
  }
  return service::serve(parts, {}, [=] { return old_main(argc, argv); });
}

}  // namespace outrigger
