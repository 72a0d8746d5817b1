#include "service/http_face.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "asked.h"
#include "outrigger/service.h"

namespace outrigger::service {
namespace {

class HttpFaceTest : public testing::Test {
 protected:
  HttpFaceTest() {
    service.operation("greet", "Greets one person.")
        .arg<std::string>("name", "whom to greet")
        .read_only()
        .does([](const std::string& name) -> Result<Json> {
          return Json{{"greeting", "Hi, " + name}};
        });
    service.operation("forget", "Forgets.").does([]() -> Result<Json> { return Json::object(); });
    service.operation("fails", "Fails.")
        .arg<int>("kind", "how")
        .read_only()
        .does([](int kind) -> Result<Json> {
          return Error{static_cast<ErrorKind>(kind), "because", {}};
        });
  }
  ops::ServedResponse ask(std::string_view method, std::string_view path,
                          ops::Parameters query = {}, std::string_view body = {}) {
    Asked asked(method, path, std::move(query));
    asked.body = body;
    return asked.of(HttpFace(service.parts()));
  }
  static std::string allow_of(const ops::ServedResponse& response) {
    for (const auto& [name, value] : response.headers) {
      if (name == "Allow") return value;
    }
    return {};
  }

  HttpFace face() const { return HttpFace(service.parts()); }

  Service service{{.name = "hello", .about = "Greets people."}};
};

TEST_F(HttpFaceTest, an_operation_answers) {
  const ops::ServedResponse response = ask("GET", "/greet", {{"name", "Ada"}});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(response.body, "{\"greeting\":\"Hi, Ada\"}\n");
  EXPECT_EQ(ask("HEAD", "/greet", {{"name", "Ada"}}).status, 200);
  EXPECT_EQ(ask("POST", "/forget").status, 200);
}

TEST_F(HttpFaceTest, errors_are_problems) {
  const ops::ServedResponse response = ask("GET", "/greet");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(
      response.body,
      R"({"type":"about:blank","title":"Bad Request","status":400,"detail":"name is missing: whom to greet",)"
      "\"parameter\":\"name\"}\n");
}

TEST_F(HttpFaceTest, each_kind_of_error_has_its_status) {
  const std::pair<ErrorKind, int> expected[] = {
      {ErrorKind::kBadInput, 400},    {ErrorKind::kNotFound, 404}, {ErrorKind::kRefused, 403},
      {ErrorKind::kUnavailable, 503}, {ErrorKind::kTimeout, 504},  {ErrorKind::kFailed, 500}};
  for (const auto& [kind, status] : expected) {
    EXPECT_EQ(ask("GET", "/fails", {{"kind", std::to_string(static_cast<int>(kind))}}).status,
              status);
  }
}

TEST_F(HttpFaceTest, what_is_not_there_is_told_with_what_is) {
  for (const char* path : {"/gret", "/greet/", "//greet", "/greet/x", ""}) {
    const ops::ServedResponse response = ask("GET", path);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_NE(response.body.find(R"("paths":["/","/openapi.json","/greet","/forget","/fails"])"),
              std::string::npos)
        << response.body;
  }
}

TEST_F(HttpFaceTest, the_wrong_method_is_told_the_right_one) {
  const ops::ServedResponse post = ask("POST", "/greet", {{"name", "Ada"}});
  EXPECT_EQ(post.status, 405);
  EXPECT_EQ(allow_of(post), "GET, HEAD");
  const ops::ServedResponse get = ask("GET", "/forget");
  EXPECT_EQ(get.status, 405) << "no GET changes state";
  EXPECT_EQ(allow_of(get), "POST");
  EXPECT_EQ(ask("DELETE", "/").status, 405);
}

TEST_F(HttpFaceTest, a_body_is_refused_rather_than_ignored) {
  Asked get("GET", "/greet", {{"name", "Ada"}});
  get.body = "{}";
  EXPECT_EQ(get.of(face()).status, 400) << "what is read-only has a query alone";
  Asked post("POST", "/forget");
  post.body = "a=1";
  const ops::ServedResponse form =
      post.with("Content-Type", "application/x-www-form-urlencoded").of(face());
  EXPECT_EQ(form.status, 415);
  EXPECT_NE(form.body.find("expected application/json"), std::string::npos) << form.body;
}

TEST_F(HttpFaceTest, what_is_restricted_is_for_insiders) {
  service.operation("reset", "Resets.").restricted().does([]() -> Result<Json> { return Json(1); });
  const auto status = [&](ops::Asker asker) {
    return Asked("POST", "/reset").from(asker).of(face()).status;
  };
  EXPECT_EQ(status(ops::Asker::kStranger), 403);
  EXPECT_EQ(status(ops::Asker::kInsider), 200);
  EXPECT_EQ(status(ops::Asker::kCommand), 200);
}

TEST_F(HttpFaceTest, a_command_alone_has_no_endpoint) {
  service.operation("local", "Here.").cli_only().does([]() -> Result<Json> { return Json(1); });
  service.operation("there", "There.").cli_only().live().does([]() -> Result<Json> {
    return Json(2);
  });
  for (const ops::Asker asker : {ops::Asker::kStranger, ops::Asker::kInsider})
    EXPECT_EQ(Asked("POST", "/there").from(asker).of(face()).status, 404);
  EXPECT_EQ(Asked("POST", "/there").from(ops::Asker::kCommand).of(face()).status, 200)
      << "that is how its command asks";
  EXPECT_EQ(Asked("POST", "/local").from(ops::Asker::kCommand).of(face()).status, 404);
  for (const char* path : {"/", "/openapi.json", "/nothing"})
    EXPECT_EQ(ask("GET", path).body.find("local"), std::string::npos) << path;
}

TEST_F(HttpFaceTest, the_nearer_deadline_reaches_the_function) {
  Deadline seen{};
  service.operation("wait", "Waits.")
      .within(std::chrono::seconds(60))
      .read_only()
      .does([&](const Call& call) -> Result<Json> {
        seen = call.deadline();
        return Json(std::string(call.header("x-name")));
      });
  const auto before = std::chrono::steady_clock::now();
  Asked plain("GET", "/wait");
  EXPECT_EQ(plain.with("X-Name", "b").of(face()).body, "\"b\"\n");
  EXPECT_EQ(plain.until, seen);
  EXPECT_GE(seen, before + std::chrono::seconds(60));
  for (const char* prefer : {"wait=5", "respond-async, wait=5", "wait=5; x"}) {
    Asked asked("GET", "/wait");
    const auto now = std::chrono::steady_clock::now();
    asked.with("Prefer", prefer).of(face());
    EXPECT_LT(seen, now + std::chrono::seconds(50)) << prefer;
    EXPECT_GE(seen, now + std::chrono::seconds(5)) << prefer;
  }
  for (const char* prefer :
       {"wait=", "wait=999999999999", "await=1", "wait=-1", "handling=lenient"}) {
    Asked asked("GET", "/wait");
    const auto now = std::chrono::steady_clock::now();
    EXPECT_EQ(asked.with("Prefer", prefer).of(face()).status, 200);
    EXPECT_GE(seen, now + std::chrono::seconds(60)) << prefer;
  }
}

TEST_F(HttpFaceTest, a_client_that_is_gone_cancels) {
  service.operation("wait", "Waits.").does([](const Call& call) -> Result<Json> {
    if (call.cancelled()) return call.why();
    return Json("waited");
  });
  Asked asked("POST", "/wait");
  EXPECT_EQ(asked.of(face()).body, "\"waited\"\n");
  asked.source.request_stop();
  EXPECT_EQ(asked.of(face()).status, 503);
}

TEST_F(HttpFaceTest, lines_are_streamed) {
  service.operation("count", "Counts.")
      .arg<int>("to", "how far")
      .read_only()
      .streams([](Lines& lines, int to) -> Result<void> {
        for (int i = 1; i <= to; ++i) {
          if (!lines.write(i)) return {};
          if (i == 3) return failed("three is too many");
        }
        if (to < 0) return bad_input("to", std::to_string(to), "0 or more");
        return {};
      });
  const auto stream = [&](const char* to, std::string& sent, int most = 100) {
    const ops::ServedResponse response = ask("GET", "/count", {{"to", to}});
    EXPECT_EQ(response.content_type, "application/x-ndjson");
    EXPECT_TRUE(response.stream);
    return response.stream([&](std::string_view piece) {
      sent += piece;
      return --most > 0;
    });
  };
  std::string sent;
  EXPECT_EQ(stream("2", sent).status, 200);
  EXPECT_EQ(sent, "1\n2\n");
  sent.clear();
  const ops::ServedResponse before = stream("-1", sent);
  EXPECT_EQ(before.status, 400) << "nothing was sent: an answer like any other";
  EXPECT_EQ(before.content_type, "application/problem+json");
  EXPECT_EQ(sent, "");
  const ops::ServedResponse after = stream("5", sent);
  EXPECT_EQ(sent, "1\n2\n3\n");
  EXPECT_EQ(after.status, 500);
  EXPECT_EQ(after.body,
            R"({"problem":{"type":"about:blank","title":"Internal Server Error","status":500,)"
            "\"detail\":\"three is too many\"}}\n");
  sent.clear();
  EXPECT_EQ(stream("100", sent, 1).status, 200) << "who is gone is told nothing";
  EXPECT_EQ(sent, "1\n");
  EXPECT_EQ(stream("x", sent).status, 400);
}

TEST_F(HttpFaceTest, openapi_describes_what_is_declared) {
  service.operation("all", "Everything.")
      .arg<std::string>("name", "text", {.length_min = 1, .length_max = 9})
      .arg<int8_t>("small", "narrow")
      .arg<double>("ratio", "part", {.min = 0.0, .max = 1.0})
      .arg<std::string>("mode", "which", {.otherwise = "fast", .one_of = {"fast", "safe"}})
      .arg<std::chrono::seconds>("pause", "how long", std::chrono::seconds(90))
      .rest<bool>("flags", "some", 0)
      .does([](const std::string&, int8_t, double, const std::string&, std::chrono::seconds,
               const std::vector<bool>&) -> Result<Json> { return Json(); });
  const std::string text = ask("GET", "/openapi.json").body;
  for (const char* part : {
           R"("openapi":"3.1.0")",
           R"("/greet":{"get":{"operationId":"greet","summary":"Greets one person.","parameters":[)"
           R"({"name":"name","in":"query","description":"whom to greet","required":true,)"
           R"("schema":{"type":"string"}}])",
           R"("/all":{"post":)",
           R"("name":{"type":"string","minLength":1,"maxLength":9,"description":"text"})",
           R"("small":{"type":"integer","minimum":-128,"maximum":127,"description":"narrow"})",
           R"("ratio":{"type":"number","minimum":0,"maximum":1,"description":"part"})",
           R"("mode":{"type":"string","enum":["fast","safe"],"default":"fast",)",
           R"("default":"1m30s","description":"how long"})",
           R"("flags":{"type":"array","items":{"type":"boolean"},"minItems":0,)",
           R"("required":["name","small","ratio"])",
       }) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  EXPECT_EQ(ask("POST", "/openapi.json").status, 405);
}

TEST_F(HttpFaceTest, the_root_lists_the_operations) {
  const ops::ServedResponse response = ask("GET", "/");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body.find(R"({"service":"hello","about":"Greets people.","version":")"), 0u)
      << response.body;
  EXPECT_NE(response.body.find(
                R"({"path":"/greet","method":"GET","about":"Greets one person.","parameters":)"
                R"([{"name":"name","type":"text","about":"whom to greet","required":true,)"
                R"("repeats":false}]})"),
            std::string::npos)
      << response.body;
}

}  // namespace
}  // namespace outrigger::service
