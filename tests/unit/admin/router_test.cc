#include "admin/router.h"

#include <gtest/gtest.h>

#include "fake_source.h"
#include "request_for.h"

namespace outrigger::admin {
namespace {

constexpr uint32_t kOwn = 1000;

class RouterTest : public testing::Test {
 protected:
  http::ServerResponse ask(const MadeRequest& made) {
    return handler(source_, {.own_uid = kOwn})(made.request);
  }
  http::ServerResponse get(std::string_view path) {
    return ask(MadeRequest("GET", path).from_loopback());
  }
  static std::string header(const http::ServerResponse& response, std::string_view name) {
    for (const auto& [own_name, value] : response.headers) {
      if (own_name == name) return value;
    }
    return "";
  }

  FakeSource source_;
};

TEST_F(RouterTest, serves_the_contract_s_paths) {
  for (const char* path : {"/health", "/healthz", "/livez", "/readyz", "/version", "/metrics",
                           "/log/level", "/config"}) {
    EXPECT_EQ(get(path).status, 200) << path;
  }
  EXPECT_EQ(get("/livez").body, "alive\n");
  EXPECT_EQ(get("/version").body,
            "{\"Version\":\"1.1.ab41cd0\",\"commit\":\"ab41cd0\",\"build_time\":\"2026-11-24T02:05:"
            "23Z\"}\n");
}

TEST_F(RouterTest, lets_those_in_who_call_from_a_network_that_is_named) {
  source_.is_local = false;
  const auto serve =
      handler(source_, {.own_uid = kOwn, .networks = {*base::parse_network("192.0.2.0/24")}});
  const auto status = [&](const MadeRequest& made) { return serve(made.request).status; };
  EXPECT_EQ(status(MadeRequest("GET", "/config").from_network()), 200);
  EXPECT_EQ(status(MadeRequest("GET", "/config").from_network().with("Host", "192.0.2.1:8081")),
            200);
  // A browser there that a stranger's page leads here.
  EXPECT_EQ(status(MadeRequest("GET", "/config").from_network().with("Host", "evil.example.org")),
            401);
  EXPECT_EQ(status(MadeRequest("GET", "/config")
                       .from_network()
                       .with("Host", "192.0.2.1")
                       .with("Origin", "http://evil.org")),
            401);
  const auto other =
      handler(source_, {.own_uid = kOwn, .networks = {*base::parse_network("192.0.3.0/24")}});
  EXPECT_EQ(other(MadeRequest("GET", "/config").from_network().request).status, 401);
  EXPECT_EQ(status(MadeRequest("GET", "/config").from_unix(1234)), 401);
}

TEST_F(RouterTest, answers_404_with_the_paths_there_are) {
  for (const char* path : {"/", "/Health", "/health/", "//health", "/debug/pprofs"}) {
    const auto response = get(path);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_NE(response.body.find("\"/livez\""), std::string::npos);
  }
}

TEST_F(RouterTest, answers_405_with_the_methods_there_are) {
  auto response = ask(MadeRequest("POST", "/health").from_loopback());
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(header(response, "Allow"), "GET, HEAD");
  response = ask(MadeRequest("DELETE", "/log/level").from_loopback());
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(header(response, "Allow"), "GET, HEAD, PUT");
}

TEST_F(RouterTest, gives_a_browser_html_and_all_others_json) {
  const auto html =
      ask(MadeRequest("GET", "/health").from_loopback().with("Accept", "text/html,*/*;q=0.8"));
  EXPECT_EQ(html.content_type, "text/html; charset=utf-8");
  EXPECT_EQ(header(html, "Vary"), "Accept");
  EXPECT_NE(header(html, "Content-Security-Policy"), "");
  EXPECT_EQ(get("/health").content_type, "application/json");
  EXPECT_EQ(header(get("/health"), "Vary"), "Accept");
}

TEST_F(RouterTest, gives_a_page_its_style_its_script_and_a_feed) {
  EXPECT_EQ(get("/health.css").content_type, "text/css; charset=utf-8");
  EXPECT_EQ(get("/health.js").content_type, "text/javascript; charset=utf-8");
  const auto events =
      ask(MadeRequest("GET", "/health").from_loopback().with("Accept", "text/event-stream"));
  EXPECT_EQ(events.content_type, "text/event-stream");
  EXPECT_NE(events.feed, nullptr);
  const auto level =
      ask(MadeRequest("GET", "/log/level").from_loopback().with("Accept", "text/event-stream"));
  EXPECT_EQ(level.feed, nullptr);
}

TEST_F(RouterTest, has_a_flame_graph_of_every_profile_for_insiders) {
  const auto page = get("/debug/pprof/ui");
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_NE(page.body.find("<option>heap</option>"), std::string::npos);
  EXPECT_EQ(page.body.find("{{"), std::string::npos);
  source_.is_local = false;
  for (const char* path : {"/debug/pprof/ui", "/debug/pprof/ui.js", "/debug/pprof/ui.css"})
    EXPECT_EQ(get(path).status, 401) << path;
}

TEST_F(RouterTest, gives_a_scraper_the_format_it_asks_for) {
  EXPECT_TRUE(get("/metrics").content_type.starts_with("text/plain; version=0.0.4"));
  // As Prometheus 2.42 asks.
  const auto open = ask(MadeRequest("GET", "/metrics")
                            .from_loopback()
                            .with("Accept",
                                  "application/openmetrics-text;version=1.0.0,application/"
                                  "openmetrics-text;version=0.0.1;q=0.75,"
                                  "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"));
  EXPECT_TRUE(open.content_type.starts_with("application/openmetrics-text"));
}

TEST_F(RouterTest, sets_the_level_by_put_alone) {
  EXPECT_EQ(ask(MadeRequest("GET", "/log/level").from_loopback().asking("level", "debug")).status,
            200);
  EXPECT_EQ(source_.levels_set, 0) << "no GET changes anything";
  const auto response = ask(MadeRequest("PUT", "/log/level")
                                .from_loopback()
                                .asking("level", "debug")
                                .asking("for", "10m"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "{\"level\":\"DEBUG\"}\n");
  EXPECT_EQ(source_.asked_lasting, std::chrono::minutes(10));
}

TEST_F(RouterTest, says_what_is_wrong_with_a_level) {
  const auto bad = ask(MadeRequest("PUT", "/log/level").from_loopback().asking("level", "loud"));
  EXPECT_EQ(bad.status, 400);
  EXPECT_NE(bad.body.find("loud"), std::string::npos);
  const auto unknown = ask(MadeRequest("PUT", "/log/level")
                               .from_loopback()
                               .asking("level", "debug")
                               .asking("module", "db"));
  EXPECT_EQ(unknown.status, 400);
  EXPECT_EQ(unknown.body, R"({"type":"about:blank","title":"Bad Request","status":400,)"
                          "\"detail\":\"module db is not known\"}\n");
  EXPECT_EQ(source_.levels_set, 0);
}

TEST_F(RouterTest, elsewhere_keeps_private_pages_from_the_network) {
  source_.is_local = false;
  for (const char* path : {"/metrics", "/log/level", "/config"}) {
    EXPECT_EQ(ask(MadeRequest("GET", path).from_network()).status, 401) << path;
    EXPECT_EQ(ask(MadeRequest("GET", path).from_loopback()).status, 401) << path;
    EXPECT_EQ(ask(MadeRequest("GET", path).from_unix(1234)).status, 401) << path;
    EXPECT_EQ(ask(MadeRequest("GET", path).from_unix(kOwn)).status, 200) << path;
    EXPECT_EQ(ask(MadeRequest("GET", path).from_unix(0)).status, 200) << path;
  }
  EXPECT_EQ(ask(MadeRequest("PUT", "/log/level").from_network().asking("level", "debug")).status,
            401);
  EXPECT_EQ(source_.levels_set, 0);
}

TEST_F(RouterTest, elsewhere_tells_a_stranger_nothing_about_what_is_private) {
  source_.is_local = false;
  const auto first = ask(MadeRequest("GET", "/config").from_network());
  EXPECT_EQ(first.body, "Unauthorized\n");
  EXPECT_EQ(header(first, "WWW-Authenticate"), "Bearer");
  for (const char* path : {"/metrics", "/log/level", "/debug/pprof/heap", "/debug/pprof/ui"}) {
    const auto other = ask(MadeRequest("GET", path).from_network());
    EXPECT_EQ(other.body, first.body) << path;
    EXPECT_EQ(other.headers, first.headers) << path;
  }
}

TEST_F(RouterTest, elsewhere_answers_each_stranger_so_often_and_no_more) {
  source_.is_local = false;
  Access access{.own_uid = kOwn};
  access.each_stranger = identity::Allowance(0, 3);
  access.all_strangers = identity::Allowance(0, 5);
  const auto handle = handler(source_, access);
  const auto status = [&](const char* address) {
    MadeRequest made("GET", "/livez");
    made.from_network().peer.address = address;
    return handle(made.request).status;
  };
  // Another port is the same address.
  EXPECT_EQ(status("192.0.2.1:40000"), 200);
  EXPECT_EQ(status("192.0.2.1:40001"), 200);
  EXPECT_EQ(status("192.0.2.1:40002"), 200);
  EXPECT_EQ(status("192.0.2.1:40003"), 429);
  EXPECT_EQ(status("192.0.2.2:40000"), 200);
  EXPECT_EQ(status("[2001:db8::1]:40000"), 200);
  EXPECT_EQ(status("[2001:db8::1]:40001"), 429) << "all of them have had theirs";
  MadeRequest near("GET", "/livez");
  EXPECT_EQ(handle(near.from_loopback().request).status, 200);
  MadeRequest own("GET", "/config");
  EXPECT_EQ(handle(own.from_unix(kOwn).request).status, 200);
}

TEST_F(RouterTest, elsewhere_tells_the_network_how_it_is_and_no_more) {
  source_.is_local = false;
  source_.report.service = "prober";
  source_.report.process.state = ProcessState::kRunning;
  for (const char* path : {"/health", "/healthz", "/livez", "/readyz", "/version"}) {
    EXPECT_EQ(ask(MadeRequest("GET", path).from_network()).status, 200) << path;
  }
  EXPECT_EQ(ask(MadeRequest("GET", "/health").from_network()).body.find("prober"),
            std::string::npos);
  EXPECT_NE(ask(MadeRequest("GET", "/health").from_unix(kOwn)).body.find("prober"),
            std::string::npos);
}

TEST(SocketAddress, fits_and_holds_no_surprises) {
  EXPECT_EQ(socket_address(1000, "prober", 4711), "unix:@outrigger/1000/prober/4711");
  EXPECT_EQ(socket_address(0, "a/b\nc d", 1), "unix:@outrigger/0/a-b-c-d/1");
  EXPECT_LE(socket_address(4294967295u, std::string(500, 'x'), 2147483647).size(), 5u + 107u);
}

}  // namespace
}  // namespace outrigger::admin
