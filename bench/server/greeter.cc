// The operations server under load: one operation, no log entry a call, so that the server itself is
// what is measured.
//
// With BENCH_WITHOUT_BLACK_BOX set, and --no-confine, it does without what tells of deaths and hangs and
// keeps intruders out: the crash handlers are taken away and no hang is looked for.
#include <outrigger/outrigger.h>
#include <signal.h>
#include <stdlib.h>

using namespace outrigger;

int main(int argc, char** argv) {
  const bool bare = getenv("BENCH_WITHOUT_BLACK_BOX") != nullptr;
  Service service{
      {.name = "bench-greeter", .hang_report_after = std::chrono::seconds(bare ? 0 : 5)}};
  if (bare) {
    service.on_start([]() -> Result<void> {
      for (const int crash : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) signal(crash, SIG_DFL);
      return {};
    });
  }
  service.operation("greet", "Greets one person.")
      .arg<std::string>("name", "whom to greet")
      .read_only()
      .does([](const std::string& name) -> Result<Json> {
        return Json{{"greeting", "Hi, " + name}};
      });
  return run(argc, argv, service);
}
