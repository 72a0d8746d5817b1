// What the service is called, what it can be asked, how it tells that it is well.
#include <outrigger/outrigger.h>

#include "greet.h"
using namespace outrigger;

int main(int argc, char** argv) {
  Service service{{.name = "@NAME@", .about = "Greets people."}};
  auto greeting =
      service.setting<std::string>("Greeting", {.in_local = "Hi", .otherwise = "Good day"});

  service.operation("greet", "Greets one person.")
      .arg<std::string>("name", "whom to greet")
      .read_only()
      .does([=](const std::string& name) { return greet(*greeting, name); });
  service.check("greeting", {.every = 30s},
                [=] { return greeting->empty() ? warn("empty") : pass(); });
  return run(argc, argv, service);
}
