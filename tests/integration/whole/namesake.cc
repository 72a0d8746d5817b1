// A service that has its file's name, for laptop_test.cc.
#include <outrigger/outrigger.h>
#include <unistd.h>

using namespace outrigger;

int main(int argc, char** argv) {
  Service service{{.about = "Says who it is."}};
  service.operation("who", "Its process.").read_only().live().does([]() -> Result<Json> {
    return Json{{"parent", static_cast<int>(getppid())}};
  });
  return run(argc, argv, service);
}
