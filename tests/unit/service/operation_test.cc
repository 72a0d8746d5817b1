#include "outrigger/operation.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "asked.h"
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
  std::string called(const char* name, const Result<internal::ParameterTexts>& texts) {
    TestCaller caller;
    return texts.ok() ? outcome(call(named(name), caller, *texts)) : texts.error().message;
  }
  std::string as_command(const char* name, std::vector<std::string> words,
                         internal::ParameterTexts given = {}) {
    return called(name, by_position(named(name), words, std::move(given)));
  }
  std::string over_http(const char* name, std::vector<std::pair<std::string, std::string>> query,
                        const Json& body = {}) {
    return called(name, by_name(named(name), query, body));
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

TEST_F(OperationTest, by_name_on_the_command_line) {
  EXPECT_EQ(as_command("greet", {}, {{"Ada"}, {"3"}}), as_command("greet", {"Ada", "3"}));
  EXPECT_EQ(as_command("greet", {"Ada"}, {{}, {"3"}}), as_command("greet", {"Ada", "3"}))
      << "words fill what was not named";
  EXPECT_EQ(as_command("greet", {"3"}, {{"Ada"}, {}}), as_command("greet", {"Ada", "3"}));
  EXPECT_EQ(as_command("greet", {"3", "4"}, {{"Ada"}, {}}),
            "\"4\" is one word too many: expected greet NAME [TIMES]");
  EXPECT_EQ(as_command("greet", {}, {{"Ada", "Bob"}, {}}),
            "name is given twice; one value is expected");
  EXPECT_EQ(as_command("sum", {}, {{"1", "2"}}), "3");
}

TEST_F(OperationTest, a_body_agrees_with_the_rest) {
  EXPECT_EQ(over_http("greet", {}, Json{{"name", "Ada"}, {"times", 3}}),
            as_command("greet", {"Ada", "3"}));
  EXPECT_EQ(over_http("greet", {{"name", "Ada"}}, Json{{"times", nullptr}}),
            as_command("greet", {"Ada"}));
  EXPECT_EQ(over_http("sum", {}, Json{{"number", Json::array({1, 2.5, -3})}}), "0.5");
  EXPECT_EQ(over_http("sum", {}, Json{{"number", 4}}), "4");
  EXPECT_EQ(over_http("wait", {}, Json{{"time", "1.5s"}}), "1500");
  EXPECT_EQ(over_http("greet", {}, Json{{"times", 3}}), "name is missing: whom to greet");
  EXPECT_EQ(over_http("greet", {}, Json{{"nmae", "Ada"}}),
            "greet has no parameter \"nmae\"; the nearest known one is \"name\"");
  EXPECT_EQ(over_http("greet", {{"name", "Ada"}}, Json{{"name", "Bob"}}),
            "name is given twice; one value is expected");
}

TEST_F(OperationTest, a_body_is_taken_by_its_types) {
  EXPECT_EQ(over_http("greet", {}, Json{{"name", 3}}),
            "name is of the type number in the body; expected text");
  EXPECT_EQ(over_http("greet", {}, Json{{"name", "Ada"}, {"times", "3"}}),
            "times is of the type text in the body; expected integer");
  EXPECT_EQ(over_http("greet", {}, Json{{"name", Json::array({"Ada"})}}),
            "name is of the type list in the body; expected text");
  EXPECT_EQ(over_http("greet", {}, Json{{"name", "Ada"}, {"times", 1.5}}),
            "times \"1.5\" will not do: expected a whole number");
  EXPECT_EQ(over_http("sum", {}, Json{{"number", Json::array({1, Json::object()})}}),
            "number is of the type object in the body; expected number");
}

TEST_F(OperationTest, defaults_and_what_a_value_must_be) {
  service.operation("cut", "Cuts.")
      .arg<std::string>("what", "the thing", {.length_min = 1, .length_max = 5})
      .arg<int>("pieces", "how many", {.otherwise = 2, .min = 1, .max = 9})
      .arg<std::string>("mode", "how", {.otherwise = "fast", .one_of = {"fast", "safe"}})
      .arg<std::chrono::seconds>("pause", "between", std::chrono::seconds(1))
      .arg<bool>("dry", "only look", false)
      .does([](const std::string& what, int pieces, const std::string& mode,
               std::chrono::seconds pause, bool dry) -> Result<Json> {
        return Json::array({what, pieces, mode, pause.count(), dry});
      });
  EXPECT_EQ(as_command("cut", {"tree"}), R"(["tree",2,"fast",1,false])");
  EXPECT_EQ(as_command("cut", {"tree", "9", "safe", "1m", "yes"}), R"(["tree",9,"safe",60,true])");
  EXPECT_EQ(over_http("cut", {}, Json{{"what", "tree"}, {"dry", true}}),
            R"(["tree",2,"fast",1,true])");
  EXPECT_EQ(as_command("cut", {""}), "what \"\" will not do: expected at least one character");
  EXPECT_EQ(as_command("cut", {"forest"}), "what \"forest\" will not do: expected at most 5 bytes");
  EXPECT_EQ(as_command("cut", {"tree", "0"}), "pieces \"0\" will not do: expected 1 to 9");
  EXPECT_EQ(as_command("cut", {"tree", "1", "slow"}),
            "mode \"slow\" will not do: expected one of fast, safe");
  EXPECT_EQ(as_command("cut", {}), "what is missing: the thing");
  EXPECT_EQ(usage_of(named("cut")), "cut WHAT [PIECES] [MODE] [PAUSE] [DRY]");
}

TEST_F(OperationTest, the_rest_can_be_nothing_or_more) {
  service.operation("any", "")
      .rest<int>("n", "numbers", 0, {.min = 1})
      .does([](const std::vector<int>& all) -> Result<Json> { return Json(all.size()); });
  service.operation("pair", "")
      .rest<int>("n", "numbers", 2)
      .does([](const std::vector<int>& all) -> Result<Json> { return Json(all.size()); });
  EXPECT_EQ(as_command("any", {}), "0");
  EXPECT_EQ(as_command("any", {"1", "0"}), "n \"0\" will not do: expected 1 or more");
  EXPECT_EQ(usage_of(named("any")), "any [N...]");
  EXPECT_EQ(as_command("pair", {"1"}), "n is given too seldom: expected at least 2 values");
  EXPECT_EQ(as_command("pair", {"1", "2"}), "2");
}

TEST_F(OperationTest, lines_end_when_the_call_is_cancelled) {
  service.operation("count", "").streams([](Lines& lines) -> Result<void> {
    for (int i = 0; lines.write(i); ++i) {
    }
    return {};
  });
  TestCaller caller;
  caller.stop_after = 3;
  EXPECT_TRUE(call(named("count"), caller, {}).ok());
  EXPECT_EQ(caller.lines, "0\n1\n2\n");
}

TEST_F(OperationTest, the_reason_of_the_cancellation_is_told) {
  service.operation("ask", "").does([](const Call& call) -> Result<Json> { return call.why(); });
  TestCaller gone;
  EXPECT_EQ(call(named("ask"), gone, {}).error().kind, ErrorKind::kUnavailable);
  TestCaller late;
  late.until = std::chrono::steady_clock::now();
  EXPECT_EQ(call(named("ask"), late, {}).error().kind, ErrorKind::kTimeout);
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
