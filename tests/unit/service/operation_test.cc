#include "outrigger/operation.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "outrigger/service.h"
#include "service/call.h"
#include "service/parts.h"

namespace outrigger::service {
namespace {

class OperationTest : public testing::Test {
 protected:
  OperationTest() {
    service.operation("greet", "Greets one person.")
        .arg<std::string>("name", "whom to greet")
        .arg<std::optional<int>>("times", "how often")
        .read_only()
        .does([](const std::string& name, std::optional<int> times) -> Result<Json> {
          if (name.empty()) return bad_input("name", name, "at least one character");
          return Json{{"greeting", "Hi, " + name}, {"times", times.value_or(1)}};
        });
    service.operation("sum", "Adds.")
        .rest<double>("number", "what to add")
        .does([](const std::vector<double>& all) {
          double sum = 0;
          for (const double each : all) sum += each;
          return Json(sum);
        });
    service.operation("wait", "Waits.")
        .arg<std::chrono::milliseconds>("time", "how long")
        .does([](std::chrono::milliseconds time) { return Json(time.count()); });
    service.operation("throws", "Throws.").does([]() -> Result<Json> {
      throw std::runtime_error("secret path");
    });
  }

  const internal::OperationInfo& named(const char* name) {
    return *find_operation(service.parts().operations, name);
  }
  static std::string outcome(const Result<Json>& result) {
    return result.ok() ? result.value().dump() : result.error().message;
  }
  std::string as_command(const char* name, std::vector<std::string> words) {
    const auto texts = by_position(named(name), words);
    return texts.ok() ? outcome(call(named(name), *texts)) : texts.error().message;
  }
  std::string over_http(const char* name, std::vector<std::pair<std::string, std::string>> query) {
    const auto texts = by_name(named(name), query);
    return texts.ok() ? outcome(call(named(name), *texts)) : texts.error().message;
  }

  Service service{{.name = "tested"}};
};

TEST_F(OperationTest, by_position_and_by_name_agree) {
  EXPECT_EQ(as_command("greet", {"Ada"}), R"({"greeting":"Hi, Ada","times":1})");
  EXPECT_EQ(over_http("greet", {{"name", "Ada"}}), R"({"greeting":"Hi, Ada","times":1})");
  EXPECT_EQ(as_command("greet", {"Ada", "3"}),
            over_http("greet", {{"times", "3"}, {"name", "Ada"}}));
}

TEST_F(OperationTest, errors_agree_in_wording) {
  EXPECT_EQ(as_command("greet", {}), "name is missing: whom to greet");
  EXPECT_EQ(over_http("greet", {}), "name is missing: whom to greet");
  EXPECT_EQ(as_command("greet", {""}), "name \"\" will not do: expected at least one character");
  EXPECT_EQ(over_http("greet", {{"name", ""}}),
            "name \"\" will not do: expected at least one character");
  EXPECT_EQ(as_command("greet", {"Ada", "often"}),
            "times \"often\" will not do: expected a whole number");
  EXPECT_EQ(over_http("greet", {{"name", "Ada"}, {"times", "often"}}),
            "times \"often\" will not do: expected a whole number");
}

TEST_F(OperationTest, too_many_and_unknown) {
  EXPECT_EQ(as_command("greet", {"Ada", "3", "4"}),
            "\"4\" is one word too many: expected greet NAME [TIMES]");
  EXPECT_EQ(over_http("greet", {{"nmae", "Ada"}}),
            "greet has no parameter \"nmae\"; the nearest known one is \"name\"");
  EXPECT_EQ(over_http("greet", {{"name", "Ada"}, {"name", "Bob"}}),
            "name is given twice; one value is expected");
  EXPECT_EQ(over_http("throws", {{"x", ""}}), "throws has no parameter \"x\"");
}

TEST_F(OperationTest, the_rest_takes_one_or_more) {
  EXPECT_EQ(as_command("sum", {"1", "2.5", "-3"}), "0.5");
  EXPECT_EQ(over_http("sum", {{"number", "1"}, {"number", "2"}}), "3");
  EXPECT_EQ(as_command("sum", {}), "number is missing: what to add");
  EXPECT_EQ(as_command("sum", {"1", "two"}), "number \"two\" will not do: expected a number");
}

TEST_F(OperationTest, durations_as_everywhere) { EXPECT_EQ(as_command("wait", {"1.5s"}), "1500"); }

TEST_F(OperationTest, what_is_thrown_is_told_to_the_log_alone) {
  EXPECT_EQ(as_command("throws", {}), "throws failed unexpectedly; the log says why");
}

TEST_F(OperationTest, usage_names_every_parameter) {
  EXPECT_EQ(usage_of(named("greet")), "greet NAME [TIMES]");
  EXPECT_EQ(usage_of(named("sum")), "sum NUMBER...");
}

TEST_F(OperationTest, without_does_there_is_no_operation) {
  (void)service.operation("unfinished", "");
  EXPECT_EQ(find_operation(service.parts().operations, "unfinished"), nullptr);
}

}  // namespace
}  // namespace outrigger::service
