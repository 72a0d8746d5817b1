#include "service/http_face.h"

#include <gtest/gtest.h>

#include <string>

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
    return HttpFace(service.parts()).answer({method, path, std::move(query), body});
  }

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
    EXPECT_NE(response.body.find(R"("paths":["/","/greet","/forget","/fails"])"), std::string::npos)
        << response.body;
  }
}

TEST_F(HttpFaceTest, the_wrong_method_is_told_the_right_one) {
  const ops::ServedResponse post = ask("POST", "/greet", {{"name", "Ada"}});
  EXPECT_EQ(post.status, 405);
  EXPECT_EQ(post.allow, "GET, HEAD");
  const ops::ServedResponse get = ask("GET", "/forget");
  EXPECT_EQ(get.status, 405) << "no GET changes state";
  EXPECT_EQ(get.allow, "POST");
  EXPECT_EQ(ask("DELETE", "/").status, 405);
}

TEST_F(HttpFaceTest, a_body_is_refused_rather_than_ignored) {
  EXPECT_EQ(ask("POST", "/forget", {}, "{}").status, 400);
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
