#include <outrigger/outrigger.h>

using namespace outrigger;

int main(int argc, char** argv) {
  Service greeter{{.name = "greeter", .about = "Greets."}};
  greeter.operation("greet", "Greets.").read_only().does([]() -> Result<Json> {
    log::info("greeted {name}", "Ada");
    return Json{{"greeting", "Good day"}};
  });
  return run(argc, argv, greeter);
}
