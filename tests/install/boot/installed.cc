// A service to be installed, replaced and rolled back: three versions of it are built.
#include <outrigger/outrigger.h>

#include <unistd.h>

using namespace outrigger;

int main(int argc, char** argv) {
  Service service{
      {.name = "installed", .about = "Is installed.", .stop_budget = 10s, .lame_duck = 500ms}};
  service.on_init(
      "a file of the service's own",
      [](const InitPlace& place) -> Result<void> {
        return symlink("done", (place.root + "/etc/installed-was-here").c_str()) == 0 ||
                       errno == EEXIST
                   ? Result<void>()
                   : failed("no link");
      },
      [](const InitPlace& place) { unlink((place.root + "/etc/installed-was-here").c_str()); });
  service.operation("which", "Tells the version and where it could write.")
      .read_only()
      .does([]() -> Result<Json> {
        return Json{{"version", version()}};
      });
#ifdef BROKEN
  service.on_start([]() -> Result<void> { return failed("it is broken on purpose"); });
#endif
  return run(argc, argv, service);
}
