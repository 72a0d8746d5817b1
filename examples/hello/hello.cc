// The smallest whole service: one setting, one counter, one operation, one check.
//
//     hello greet Ada                    as a command
//     curl ':8080/greet?name=Ada'        over HTTP, while `hello` runs
//     curl :8081/health                  how it is doing
#include <outrigger/outrigger.h>
using namespace outrigger;

int main(int argc, char** argv) {
  Service hello{{.name = "hello", .about = "Greets people."}};
  auto greeting =
      hello.setting<std::string>("Greeting", {.in_local = "Hi", .otherwise = "Good day"});
  auto greeted = metrics::counter("Greetings", {.help = "People greeted"});
  hello.operation("greet", "Greets one person.")
      .arg<std::string>("name", "whom to greet")
      .read_only()
      .does([=](const std::string& name) -> Result<Json> {
        if (name.empty()) return bad_input("name", name, "at least one character");
        greeted.add();
        log::info("greeted {name}", name);
        return Json{{"greeting", *greeting + ", " + name}};
      });
  hello.check("greeting", {.every = 30s},
              [=] { return greeting->empty() ? warn("empty") : pass(); });
  return run(argc, argv, hello);
}
