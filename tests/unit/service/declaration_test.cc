// What a service declares: is it looked at, resolved, and written for the keeper as it should be.
#include "service/declarations.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "outrigger/service.h"
#include "segment/mapping.h"
#include "service/validate.h"

namespace outrigger::service {
namespace {

using namespace std::chrono_literals;

Result<Json> nothing() { return Json(); }
const char* no_variable(const char*) { return nullptr; }

TEST(Validation, a_good_service_has_nothing_wrong) {
  Service service{{.name = "orders-2"}};
  service.operation("greet", "").arg<int>("a", "").arg<int>("b", "").does([](int, int) {
    return nothing();
  });
  service.check("disk /", {}, [] { return pass(); });
  service.option<int>("width", {});
  service.setting<int>("Width", {.otherwise = 3});
  EXPECT_EQ(wrong_with(service.parts()), "");
}

TEST(Validation, names) {
  for (const char* name : {"", "Orders", "or ders", "2orders", "-x"}) {
    const Service service{{.name = name}};
    EXPECT_EQ(
        wrong_with(service.parts()).find("service name \"" + std::string(name) + "\" will not do"),
        0u)
        << name;
  }
  Service service{{.name = "x"}};
  service.operation("a/b", "").does(nothing);
  EXPECT_EQ(wrong_with(service.parts()).find("operation name \"a/b\" will not do"), 0u);
}

TEST(Validation, reserved_words) {
  for (const char* word : {"run", "version", "health", "config", "op", "help", "init", "push"}) {
    Service service{{.name = "x"}};
    service.operation(word, "").does(nothing);
    EXPECT_EQ(wrong_with(service.parts()),
              "operation name \"" + std::string(word) +
                  "\" will not do: it is a word of every service's command line; choose another");
  }
  Service path{{.name = "x"}};
  path.operation("openapi.json", "").does(nothing);
  EXPECT_NE(wrong_with(path.parts()), "");
  for (const char* word : {"json", "help", "within", "instance", "log-level", "own"}) {
    Service service{{.name = "x"}};
    service.option<int>("own", {});
    service.operation("a", "").arg<int>(word, "").does([](int) { return nothing(); });
    EXPECT_EQ(wrong_with(service.parts()), "parameter " + std::string(word) +
                                               " of a will not do: --" + word +
                                               " is an option of the command already; choose "
                                               "another name");
  }
}

TEST(Validation, parameters) {
  Service order{{.name = "x"}};
  order.operation("a", "").arg<int>("n", "", 1).arg<int>("m", "").does([](int, int) {
    return nothing();
  });
  EXPECT_EQ(wrong_with(order.parts()),
            "parameter m of a must be given, so it cannot follow n, which may be left out");
  Service wrong{{.name = "x"}};
  wrong.operation("a", "").arg<int>("n", "", {.otherwise = 0, .min = 1}).does([](int) {
    return nothing();
  });
  EXPECT_EQ(wrong_with(wrong.parts()),
            "parameter n of a: the default of n \"0\" will not do: expected 1 or more");
  Service limit{{.name = "x"}};
  limit.operation("a", "").within(-1s).does(nothing);
  EXPECT_NE(wrong_with(limit.parts()).find("within"), std::string::npos);
}

TEST(Validation, twice) {
  Service operations{{.name = "x"}};
  operations.operation("a", "").does(nothing);
  operations.operation("a", "").does(nothing);
  EXPECT_EQ(wrong_with(operations.parts()), "operation \"a\" is declared twice");
  Service parameters{{.name = "x"}};
  parameters.operation("a", "").arg<int>("n", "").arg<int>("n", "").does(
      [](int, int) { return nothing(); });
  EXPECT_EQ(wrong_with(parameters.parts()), "parameter of a \"n\" is declared twice");
  Service options{{.name = "x"}};
  options.option<int>("listen", {});
  EXPECT_EQ(wrong_with(options.parts()),
            "option \"listen\" is declared twice, or is one that every service has");
  Service settings{{.name = "x"}};
  settings.setting<int>("A", {});
  settings.setting<int>("A", {});
  EXPECT_EQ(wrong_with(settings.parts()), "setting \"A\" is declared twice");
}

TEST(Validation, times) {
  Service check{{.name = "x"}};
  check.check("c", {.every = 0s}, [] { return pass(); });
  EXPECT_EQ(wrong_with(check.parts()),
            "check \"c\": .every and .timeout must be longer than nothing");
  const Service budget{{.name = "x", .stop_budget = 10ms}};
  EXPECT_EQ(wrong_with(budget.parts()), "stop_budget 10ms will not do: expected 100ms to 1h");
}

TEST(Settings, the_kind_of_environment_decides) {
  Service service{{.name = "x"}};
  const auto greeting =
      service.setting<std::string>("Greeting", {.in_local = "Hi", .otherwise = "Good day"});
  const auto size =
      service.setting<int>("Size", {.in_staging = 1, .in_production = 2, .otherwise = 3});
  EXPECT_EQ(*greeting, "Hi") << "before run(), as in a test, it is local";

  auto resolved =
      resolve_settings(service.parts().settings, EnvironmentKind::kProduction, no_variable);
  EXPECT_EQ(*greeting, "Good day");
  EXPECT_EQ(*size, 2);
  EXPECT_EQ(resolved[0].from, "hard-coded default");
  EXPECT_EQ(resolved[1].from, "hard-coded for production");

  resolved = resolve_settings(service.parts().settings, EnvironmentKind::kLocal, no_variable);
  EXPECT_EQ(*greeting, "Hi");
  EXPECT_EQ(*size, 3);
  EXPECT_EQ(resolved[0].from, "hard-coded for local");
}

TEST(Settings, all_that_are_missing_are_named_at_once) {
  Service service{{.name = "x"}};
  service.setting<std::string>("Table", {.in_local = "t"});
  service.setting<std::string>("Given", {.otherwise = "t"});
  service.setting<int>("Port", {.in_local = 1});
  service.setting<int>("Size", {.in_local = 1, .variable = "X_SIZE"});
  const auto variable = [](const char* name) -> const char* {
    return std::string_view(name) == "X_SIZE" ? "many" : nullptr;
  };
  const Environment environment{"prod-eu", EnvironmentKind::kProduction, "a tag", false};
  EXPECT_EQ(
      settings_at_fault(resolve_settings(service.parts().settings, environment.kind, variable),
                        environment),
      "settings are missing or wrong in environment prod-eu (production, a tag):\n"
      "  Table: not found; looked for: hard-coded for production, hard-coded default\n"
      "  Port: not found; looked for: hard-coded for production, hard-coded default\n"
      "  Size: Size \"many\" will not do: expected a whole number (environment variable "
      "X_SIZE)");
  EXPECT_EQ(settings_at_fault(
                resolve_settings(service.parts().settings, EnvironmentKind::kLocal, no_variable),
                environment),
            "");
}

TEST(Settings, what_discovery_found_goes_first) {
  Service service{{.name = "x"}};
  const auto table = service.setting<std::string>("Table", {.otherwise = "t"});
  const auto size = service.setting<int>("Size", {.otherwise = 3});
  const auto token =
      service.setting<std::string>("Token", {.otherwise = "hunter2", .secret = true});
  const auto port = service.setting<int>("Port", {.otherwise = 1, .secret = true});
  segment::SettingsAnswer answer;
  answer.settings = {{"Table", true, "orders", "tag Table", {{"t", "hard-coded default"}}, {}},
                     {"Size", true, "3", "hard-coded default", {}, {"tag Size"}},
                     {"Token", true, "***", "hard-coded default", {}, {}},
                     {"Port", true, "hunter3", "parameter /port", {}, {}}};
  const auto resolved = resolve_settings(service.parts().settings, EnvironmentKind::kProduction,
                                         no_variable, *segment::decode(segment::encode(answer)));
  EXPECT_EQ(*table, "orders");
  EXPECT_EQ(resolved[0].from, "tag Table");
  ASSERT_EQ(resolved[0].shadowed.size(), 1u);
  EXPECT_EQ(resolved[0].shadowed[0].value, "t");
  EXPECT_EQ(*size, 3);
  EXPECT_EQ(*token, "hunter2") << "it did not have to travel";
  EXPECT_EQ(resolved[3].wrong, "its value is no integer") << "a secret is not told of";
}

TEST(Settings, a_secret_is_never_shown) {
  Service service{{.name = "x"}};
  service.setting<std::string>("Token", {.otherwise = "hunter2", .secret = true});
  const auto resolved =
      resolve_settings(service.parts().settings, EnvironmentKind::kLocal, no_variable);
  const std::string shown = settings_json(resolved).dump();
  EXPECT_EQ(shown.find("hunter2"), std::string::npos) << shown;
  EXPECT_NE(shown.find(R"("value":"***")"), std::string::npos) << shown;
}

class DeclarationsTest : public testing::Test {
 protected:
  Json json(Manner manner) {
    return declarations_json({service.parts(), options, environment, settings, manner});
  }
  std::string text(const Json& json, const char* name) {
    const Json* value = json.find(name);
    return value == nullptr ? "(none)" : value->dump();
  }

  Service service{{.name = "hello", .stop_budget = 10s}};
  RunOptions options;
  Environment environment;
  std::vector<ResolvedSetting> settings;
};

TEST_F(DeclarationsTest, places_follow_the_environment_unless_named) {
  environment.kind = EnvironmentKind::kLocal;
  EXPECT_EQ(text(json(Manner::kOwnMain), "admin"), "\"127.0.0.1:8081\"");
  EXPECT_EQ(text(json(Manner::kOwnMain), "logs"), "\"stdout-text\"");
  environment.kind = EnvironmentKind::kProduction;
  EXPECT_EQ(text(json(Manner::kOwnMain), "admin"), "\"0.0.0.0:8081\"");
  EXPECT_EQ(text(json(Manner::kOwnMain), "logs"), "\"stdout-json\"");
  options.admin = "127.0.0.1:0";
  options.logs = "stdout-text";
  EXPECT_EQ(text(json(Manner::kAdopted), "admin"), "\"127.0.0.1:0\"");
  EXPECT_EQ(text(json(Manner::kAdopted), "logs"), "\"stdout-text\"");
  EXPECT_EQ(text(json(Manner::kAdopted), "adopted"), "true");
  EXPECT_EQ(text(json(Manner::kAdopted), "stop_budget_ms"), "10000");
}

TEST_F(DeclarationsTest, only_who_has_operations_has_an_address) {
  EXPECT_EQ(text(json(Manner::kOwnMain), "service_address"), "\"\"");
  service.operation("a", "").does(nothing);
  EXPECT_EQ(text(json(Manner::kOwnMain), "service_address"), "\"0.0.0.0:8080\"");
}

TEST_F(DeclarationsTest, are_published_length_last) {
  char why[200];
  const int fd = segment::create(why, sizeof why);
  ASSERT_GE(fd, 0) << why;
  const segment::View view(segment::map(fd));
  close(fd);
  ASSERT_TRUE(view);
  EXPECT_EQ(view.declarations().length.load(), 0u);
  ASSERT_TRUE(publish(view, Json{{"service", "hello"}}));
  const uint32_t length = view.declarations().length.load();
  EXPECT_EQ(
      std::string(reinterpret_cast<char*>(&view.declarations()) + segment::kBlobDataAt, length),
      R"({"service":"hello"})");
  EXPECT_FALSE(publish(view, Json(std::string(segment::kDeclarationBytes, 'x'))));
  EXPECT_EQ(view.declarations().length.load(), length) << "what does not fit changes nothing";
}

}  // namespace
}  // namespace outrigger::service
