// The operations server under load: one operation, no log entry a call, so that the server itself is
// what is measured.
#include <outrigger/outrigger.h>

using namespace outrigger;

int main(int argc, char** argv) {
  Service service{{.name = "bench-greeter"}};
  service.operation("greet", "Greets one person.")
      .arg<std::string>("name", "whom to greet")
      .read_only()
      .does([](const std::string& name) -> Result<Json> {
        return Json{{"greeting", "Hi, " + name}};
      });
  return run(argc, argv, service);
}
