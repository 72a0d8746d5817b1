// Operations from outside: the same as a command and over HTTP, in whole services.
#include <gtest/gtest.h>
#include <signal.h>

#include <sstream>

#include "harness.h"

namespace outrigger::whole {
namespace {

constexpr auto kPatience = 60s;

struct Outcome {
  int status = 0;
  std::string out, err;
};
Outcome command(const std::string& file, const std::vector<std::string>& words,
                const StartOptions& options = {}) {
  Program program(file, words, options);
  const int status = program.exit_status(kPatience);
  return {status, program.out(), program.err()};
}

std::string last_line(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

HttpAnswer post(int port, std::string_view path, const std::string& body,
                std::string_view type = "application/json") {
  return http(port, path, "POST", kPatience,
              "Content-Type: " + std::string(type) +
                  "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
}

std::vector<std::string> ports(std::vector<std::string> more = {}) {
  std::vector<std::string> words{"run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// The chunks' content; `whole` is whether the last one came.
std::string unframed(std::string_view body, bool& whole) {
  std::string text;
  whole = false;
  for (;;) {
    const size_t end = body.find("\r\n");
    if (end == std::string_view::npos) return text;
    const size_t size = strtoul(std::string(body.substr(0, end)).c_str(), nullptr, 16);
    if (size == 0) {
      whole = true;
      return text;
    }
    text += body.substr(end + 2, size);
    body.remove_prefix(std::min(body.size(), end + 2 + size + 2));
  }
}

TEST(Hello, the_command_and_http_agree_in_result_and_wording) {
  Program hello(HELLO, ports());
  const int port = hello.service_port(kPatience);
  ASSERT_NE(port, 0) << hello.err();

  const HttpAnswer ada = http(port, "/greet?name=Ada", "GET", kPatience);
  const Outcome greet = command(HELLO, {"greet", "Ada"});
  EXPECT_EQ(ada.status, 200);
  EXPECT_EQ(ada.body, "{\"greeting\":\"Hi, Ada\"}\n");
  EXPECT_EQ(greet.out, ada.body);
  EXPECT_EQ(greet.status, 0);
  EXPECT_NE(greet.err.find("greeted Ada"), std::string::npos) << "its log: beside the result";

  struct Case {
    std::vector<std::string> words;
    std::string path, sentence;
  };
  for (const Case& each : {Case{{"greet"}, "/greet", "name is missing: whom to greet"},
                           Case{{"greet", ""},
                                "/greet?name=",
                                R"(name "" will not do: expected at least one character)"}}) {
    const HttpAnswer answer = http(port, each.path, "GET", kPatience);
    const Outcome outcome = command(HELLO, each.words);
    EXPECT_EQ(answer.status, 400);
    std::string detail = each.sentence;
    for (size_t at = 0; (at = detail.find('"', at)) != std::string::npos; at += 2)
      detail.insert(at, "\\");
    EXPECT_NE(answer.body.find("\"detail\":\"" + detail + "\""), std::string::npos) << answer.body;
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(last_line(outcome.err), "hello: " + each.sentence);
  }
  EXPECT_EQ(http(port, "/greet?name=Ada", "POST", kPatience).status, 405);
  EXPECT_NE(http(port, "/openapi.json", "GET", kPatience).body.find(R"("openapi":"3.1.0")"),
            std::string::npos);
  const std::string metrics = http(hello.admin_port(kPatience), "/metrics").body;
  EXPECT_NE(metrics.find("reetings"), std::string::npos) << metrics;
  const std::string health = http(hello.admin_port(kPatience), "/health").body;
  EXPECT_NE(health.find(R"("name": "greeting")"), std::string::npos) << health;
}

class OperatorTest : public testing::Test {
 protected:
  void SetUp() override {
    port = service.service_port(kPatience);
    ASSERT_NE(port, 0) << service.err();
  }
  HttpAnswer get(std::string_view path) { return http(port, path, "GET", kPatience); }
  int cancelled() { return atoi(get("/cancelled").body.c_str()); }

  Program service{OPERATOR, ports({"--access-log", "all"})};
  int port = 0;
};

TEST_F(OperatorTest, a_json_body_is_as_good_as_a_query) {
  EXPECT_EQ(post(port, "/add", R"({"number":[1,2.5,-3]})").body, "{\"sum\":0.5}\n");
  EXPECT_EQ(http(port, "/add?number=1&number=2.5&number=-3", "POST", kPatience).body,
            "{\"sum\":0.5}\n");
  EXPECT_EQ(command(OPERATOR, {"add", "1", "2.5", "-3"}).out, "{\"sum\":0.5}\n");
  const HttpAnswer broken = post(port, "/add", R"({"number":[1,})");
  EXPECT_EQ(broken.status, 400);
  EXPECT_NE(broken.body.find("not JSON at byte "), std::string::npos) << broken.body;
  EXPECT_EQ(post(port, "/add", "[1]").status, 400);
  EXPECT_EQ(post(port, "/add", "number=1", "application/x-www-form-urlencoded").status, 415);
  EXPECT_EQ(post(port, "/add", std::string(2u << 20, ' ')).status, 413);
  const HttpAnswer thrown = http(port, "/throws", "POST", kPatience);
  EXPECT_EQ(thrown.status, 500);
  EXPECT_EQ(thrown.body.find("nobody's business"), std::string::npos);
}

TEST_F(OperatorTest, a_live_command_asks_the_service) {
  EXPECT_EQ(get("/calls").body, "{\"calls\":1}\n");
  const Outcome second = command(OPERATOR, {"calls"});
  EXPECT_EQ(second.out, "{\"calls\":2}\n") << second.err;
  EXPECT_EQ(second.status, 0);
  EXPECT_EQ(command(OPERATOR, {"secret", "x y&z"}).out, "{\"word\":\"x y&z\"}\n");
  EXPECT_EQ(command(OPERATOR, {"there"}).out, "3\n");
  EXPECT_EQ(get("/there").status, 404) << "a command alone";
  EXPECT_EQ(command(OPERATOR, {"here"}).out, "1\n") << "in a process of its own";
  const Outcome wrong = command(OPERATOR, {"secret", "--instance", "1"});
  EXPECT_EQ(wrong.status, 1);
  EXPECT_NE(wrong.err.find("operator: --instance \"1\" will not do: expected one of " +
                           std::to_string(service.pid())),
            std::string::npos)
      << wrong.err;

  Program another(OPERATOR, ports());
  ASSERT_NE(another.service_port(kPatience), 0) << another.err();
  const Outcome ambiguous = command(OPERATOR, {"calls"});
  EXPECT_EQ(ambiguous.status, 1);
  EXPECT_NE(ambiguous.err.find("say which one with --instance"), std::string::npos)
      << ambiguous.err;
  EXPECT_EQ(command(OPERATOR, {"calls", "--instance", std::to_string(another.pid())}).out,
            "{\"calls\":1}\n");
}

TEST(Live, without_a_service_it_says_so) {
  const Outcome outcome = command(OPERATOR, {"calls"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err, "operator: is not running on this machine, and is to be asked\n");
}

TEST_F(OperatorTest, lines_come_over_http_and_as_a_command) {
  const std::string three = "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n";
  bool whole = false;
  EXPECT_EQ(unframed(get("/count?to=3").body, whole), three);
  EXPECT_TRUE(whole);
  EXPECT_EQ(command(OPERATOR, {"count", "3"}).out, three);
  EXPECT_EQ(command(OPERATOR, {"follow", "3"}).out, three);

  const HttpAnswer early = get("/count?to=3&fail-at=1");
  EXPECT_EQ(early.status, 500);
  EXPECT_NE(early.body.find("it broke at 1"), std::string::npos);
  EXPECT_EQ(get("/count?to=-1").status, 400);

  const std::string late = unframed(get("/count?to=3&fail-at=3").body, whole);
  EXPECT_FALSE(whole) << "no client takes it for all of it";
  EXPECT_EQ(late.find("{\"n\":1}\n{\"n\":2}\n{\"problem\":{"), 0u) << late;
  for (const char* name : {"count", "follow"}) {
    const Outcome outcome = command(OPERATOR, {name, "3", "3"});
    EXPECT_EQ(outcome.status, 1) << name;
    EXPECT_EQ(outcome.out, "{\"n\":1}\n{\"n\":2}\n") << name;
    EXPECT_EQ(last_line(outcome.err), "operator: it broke at 3") << name;
  }
}

TEST_F(OperatorTest, who_leaves_is_no_longer_worked_for) {
  EXPECT_EQ(http(port, "/wait", "POST", 100ms).status, 0) << "the client gives up";
  EXPECT_TRUE(eventually(kPatience, [&] { return cancelled() == 1; }));
  EXPECT_EQ(http(port, "/count?to=2000000000", "GET", 100ms).status, 200) << "it began";
  EXPECT_TRUE(eventually(kPatience, [&] { return cancelled() == 2; }));
  EXPECT_EQ(http(port, "/brief", "POST", kPatience).status, 504);
  EXPECT_EQ(http(port, "/wait", "POST", kPatience, "Prefer: wait=0\r\n").status, 504);
  EXPECT_EQ(cancelled(), 4);
  const Outcome brief = command(OPERATOR, {"brief"});
  EXPECT_EQ(brief.status, 1);
  EXPECT_EQ(last_line(brief.err), "operator: the time was over before there was a result");
}

TEST_F(OperatorTest, the_access_log_has_each_request) {
  get("/calls");
  get("/nothing");
  get("/count?to=2");
  EXPECT_TRUE(eventually(kPatience, [&] {
    const std::string log = service.out();
    return log.find("GET /calls 200 in ") != std::string::npos &&
           log.find("GET /nothing 404 in ") != std::string::npos &&
           log.find("GET /count 200 in ") != std::string::npos;
  })) << service.out();
}

// The entries with that message, a line of JSON each.
std::vector<std::string> entries(const Program& service, const std::string& message) {
  std::vector<std::string> found;
  std::istringstream lines(service.out());
  for (std::string line; std::getline(lines, line);) {
    if (line.find("\"message\":\"" + message + "\"") != std::string::npos) found.push_back(line);
  }
  return found;
}

TEST(Trace, goes_from_the_callers_header_through_entries_into_the_next_call) {
  Program service(OPERATOR, ports({"--logs", "stdout-json"}));
  const int port = service.service_port(kPatience);
  ASSERT_NE(port, 0) << service.err();
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736", span = "00f067aa0ba902b7";
  const HttpAnswer answer = http(port, "/relay?port=" + std::to_string(port), "GET", kPatience,
                                 "traceparent: 00-" + trace + "-" + span + "-01\r\n");
  EXPECT_EQ(answer.body.substr(0, 37), "\"00-" + trace + "-") << "the call within the call";
  EXPECT_EQ(answer.body.find(span), std::string::npos) << "each call has a span of its own";
  ASSERT_TRUE(eventually(kPatience, [&] { return !entries(service, "traced").empty(); }));
  for (const char* message : {"relayed", "traced"}) {
    const std::string entry = entries(service, message).at(0);
    EXPECT_NE(entry.find("\"trace_id\":\"" + trace + "\""), std::string::npos) << entry;
    EXPECT_NE(entry.find("\"span_id\":\""), std::string::npos) << entry;
    EXPECT_EQ(entry.find(span), std::string::npos) << entry;
  }
  http(port, "/trace", "GET", kPatience, "traceparent: 00-zz\r\n");
  ASSERT_TRUE(eventually(kPatience, [&] { return entries(service, "traced").size() == 2; }));
  EXPECT_EQ(entries(service, "traced").at(1).find(trace), std::string::npos);
}

TEST(Module, has_a_level_that_is_set_at_run_time) {
  Program service(OPERATOR, ports({"--logs", "stdout-json"}));
  const int port = service.service_port(kPatience);
  const int admin = service.admin_port(kPatience);
  ASSERT_NE(port, 0) << service.err();
  http(port, "/trace");
  ASSERT_TRUE(eventually(kPatience, [&] { return entries(service, "traced").size() == 1; }));
  EXPECT_EQ(entries(service, "in detail").size(), 0u);

  EXPECT_EQ(http(admin, "/log/level?module=part&level=debug", "PUT").status, 200);
  EXPECT_NE(http(admin, "/log/level").body.find("\"part\":\"DEBUG\""), std::string::npos);
  ASSERT_TRUE(eventually(kPatience, [&] {
    http(port, "/trace");
    return !entries(service, "in detail").empty();
  }));
  EXPECT_NE(entries(service, "in detail").at(0).find("\"module\":\"part\""), std::string::npos);

  const HttpAnswer unknown = http(admin, "/log/level?module=nowhere&level=debug", "PUT");
  EXPECT_EQ(unknown.status / 100, 4) << unknown.body;
  EXPECT_NE(unknown.body.find("nowhere"), std::string::npos) << unknown.body;
}

TEST(Restricted, elsewhere_than_locally_a_stranger_is_refused) {
  Program service(OPERATOR, ports({"--environment", "production"}));
  int port = 0;
  ASSERT_TRUE(eventually(kPatience, [&] { return (port = service.service_port(1s)) != 0; }))
      << service.out() << service.err();
  const HttpAnswer answer = http(port, "/secret", "POST", kPatience);
  EXPECT_EQ(answer.status, 403);
  EXPECT_NE(answer.body.find("secret is restricted"), std::string::npos) << answer.body;
  EXPECT_EQ(command(OPERATOR, {"secret", "mine"}).out, "{\"word\":\"mine\"}\n")
      << "the same user's command comes through the Unix socket";
  EXPECT_EQ(http(port, "/calls", "GET", kPatience).status, 200);
  EXPECT_EQ(service.out().find("GET /calls"), std::string::npos) << "no access log by default";
}

TEST(Restricted, a_form_of_another_site_is_refused_locally) {
  Program service(OPERATOR, ports());
  const int port = service.service_port(kPatience);
  ASSERT_NE(port, 0);
  EXPECT_EQ(http(port, "/secret", "POST", kPatience).status, 200);
  EXPECT_EQ(http(port, "/secret", "POST", kPatience, "Origin: http://evil.example.org\r\n").status,
            403);
}

TEST(Interrupt, cancels_a_command_and_tells_the_signal) {
  Program waiting(OPERATOR, {"wait"});
  // Until its handler stands, SIGINT would end it as it ends any program: 130 as well, but silent.
  ASSERT_TRUE(eventually(kPatience, [&] {
    const std::string status = read_file("/proc/" + std::to_string(waiting.pid()) + "/status");
    const size_t at = status.find("SigCgt:");
    return at != std::string::npos &&
           (strtoull(status.c_str() + at + 7, nullptr, 16) & (1u << (SIGINT - 1))) != 0;
  }));
  kill(waiting.pid(), SIGINT);
  EXPECT_EQ(waiting.exit_status(kPatience), 130);
  EXPECT_EQ(last_line(waiting.err()), "operator: cancelled: nobody waits for the result any more");
}

}  // namespace
}  // namespace outrigger::whole
