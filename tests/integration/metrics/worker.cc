// A service that does what it is asked for over HTTP: answers in every way, lets an attacker choose
// dimensions, holds memory.
#include <random>
#include <string>
#include <vector>

#include "outrigger/outrigger.h"

using namespace outrigger;

int main(int argc, char** argv) {
  Service worker{{.name = "worker", .about = "Does what it is asked for."}};
  worker.operation("answer", "Answers well or badly.")
      .arg<std::string>("how", "how", {.one_of = {"ok", "bad", "failed", "thrown"}})
      .read_only()
      .does([](const std::string& how) -> Result<Json> {
        if (how == "bad") return bad_input("how", how, "something better");
        if (how == "failed") return failed("it was to fail");
        if (how == "thrown") throw std::runtime_error("it was to be thrown");
        return Json{{"answer", how}};
      });
  worker.operation("alone", "A command that has no endpoint.")
      .cli_only()
      .does([]() -> Result<Json> {
        return Json{{"alone", true}};
      });
  const auto seen = metrics::counters("Seen", {"User"},
                                      {.help = "Calls, by user", .every = std::chrono::seconds(1)});
  std::mt19937_64 random(7);
  worker.operation("attack", "Counts with random dimensions.")
      .arg<uint64_t>("values", "how many")
      .does([&, seen](uint64_t values) -> Result<Json> {
        for (uint64_t i = 0; i < values; ++i) seen.of(std::to_string(random())).add();
        return Json{{"values", values}};
      });
  std::vector<std::string> held;
  worker.operation("hold", "Takes memory and keeps it.")
      .arg<uint64_t>("bytes", "how much")
      .does([&](uint64_t bytes) -> Result<Json> {
        held.emplace_back(bytes, 'x');
        return Json{{"held", held.size()}};
      });
  return run(argc, argv, worker);
}
