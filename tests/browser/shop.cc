// A service whose health page is looked at: what it shows is said over HTTP.
#include <outrigger/outrigger.h>

#include <atomic>

using namespace outrigger;

namespace {

std::atomic<bool> g_stocked{true};

}  // namespace

int main(int argc, char** argv) {
  Service shop{{.name = "shop", .about = "Sells things."}};
  const auto greeting =
      shop.setting<std::string>("Greeting", {.in_local = "Hi <b>you</b>", .otherwise = "Good day"});
  const auto token =
      shop.setting<std::string>("Token", {.otherwise = "hunter2", .help = "", .secret = true});
  const auto said = metrics::counter("Said", {.help = "Lines that were logged", .every = 1s});

  shop.operation("say", "Logs a line.")
      .arg<std::string>("text", "what")
      .arg<std::string>("level", "how loud",
                        {.otherwise = "info", .one_of = {"debug", "info", "warn", "error"}})
      .does([said](const std::string& text, const std::string& level) -> Result<Json> {
        said.add();
        if (level == "warn") {
          log::warn("{text}, {sort}", text, "a warning");
        } else if (level == "error") {
          log::error("{text}, {sort}, {tries} tries", text, "an error", 3);
        } else {
          log::info("{text}, {sort}, {ms:.1f} ms", text, "<i>note</i>", 12.25);
        }
        return Json{{"said", text}};
      });
  const auto visits =
      metrics::counters("Visits", {"Visitor"}, {.help = "Visits, by visitor", .every = 1s});
  shop.operation("crowd", "Comes with visitors that nobody knows.")
      .arg<int>("visitors", "how many")
      .does([visits](int visitors) -> Result<Json> {
        for (int i = 0; i < visitors; ++i) visits.of(std::to_string(i)).add();
        return Json{{"visitors", visitors}};
      });
  shop.operation("sell-out", "Makes a check fail.").does([]() -> Result<Json> {
    g_stocked = false;
    return Json{{"left", 0}};
  });
  shop.check("shelves", {.every = 100ms}, [] {
    return g_stocked ? pass("41 things on 7 shelves") : fail("the shelves are empty");
  });
  shop.check("till", {.every = 100ms, .critical = false}, [] { return pass(); });
  return run(argc, argv, shop);
}
