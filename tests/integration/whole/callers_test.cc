// Callers from elsewhere prove who they are by IAM: the whole way, from the command line to STS (the
// emulator, which verifies signatures).
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ctime>

#include "emulator.h"
#include "harness.h"
#include "identity/token.h"

namespace outrigger::whole {
namespace {

using test::Emulator;

constexpr const char* kPrivate[] = {"/config",       "/log/level",        "/metrics",
                                    "/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/cmdline"};

class CallersTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(emulator_.started());
    StartOptions options;
    options.environment = emulator_.environment();
    called_.emplace(CALLED,
                    std::vector<std::string>{"--environment", "production", "--logs", "stdout-json",
                                             "--metrics", "none", "--listen", "127.0.0.1:0",
                                             "--admin", "127.0.0.1:0"},
                    options);
    port_ = called_->admin_port();
    ASSERT_NE(port_, 0) << called_->err();
    Program health(CALLED, {"health", "--json"});
    ASSERT_NE(health.exit_status(kPatience), -1);
    const std::string page = health.out();
    const size_t name = page.find("\"instance\": \"");
    ASSERT_NE(name, std::string::npos) << page;
    const std::string instance = page.substr(name + 13);
    audience_ = "called/production/" + instance.substr(0, instance.find('"'));
    be("Operators");
    // In its first seconds a verifier takes nothing that one before it may have taken.
    ASSERT_TRUE(eventually(kPatience, [&] { return status("/config", token()) == 200; }))
        << audience_ << " " << emulator_.report() << called_->err();
  }

  // Keys of a session of that role, from here on.
  void be(const std::string& role) {
    emulator_.set_account(R"({"instance":{"region":"us-east-1","account":"123456789012","role":")" +
                          role + "\"}}");
    const std::string keys = http(emulator_.port(), "/v2/credentials/test").body;
    credentials_ = {json_text(keys, "AccessKeyId"),
                    json_text(keys, "SecretAccessKey"),
                    json_text(keys, "Token"),
                    {}};
    ASSERT_FALSE(credentials_.session_token.empty()) << keys;
  }
  std::string token(int64_t age_s = 0) const {
    return identity::make_token({emulator_.tls_url(), "us-east-1"}, audience_, credentials_,
                                std::time(nullptr) - age_s);
  }
  // Of an answer that is not "too many ask".
  HttpAnswer ask(std::string_view path, const std::string& authorization,
                 std::string_view method = "GET") {
    const std::string headers =
        authorization.empty() ? "" : "Authorization: " + authorization + "\r\n";
    HttpAnswer answer;
    eventually(kPatience, [&] {
      answer = http(port_, path, method, kPatience, headers);
      return answer.status != 503;
    });
    return answer;
  }
  int status(std::string_view path, const std::string& authorization) {
    return ask(path, authorization).status;
  }
  int64_t calls_of_sts() const {
    return std::max<int64_t>(0, emulator_.count({"calls", "sts GetCallerIdentity", "200"})) +
           std::max<int64_t>(0, emulator_.count({"calls", "sts GetCallerIdentity", "403"}));
  }
  int command(const std::vector<std::string>& words, std::string& out) {
    StartOptions options;
    options.environment = {
        "AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true",
        "AWS_ENDPOINT_URL=" + emulator_.tls_url(), "AWS_CA_BUNDLE=" + emulator_.ca_file(),
        "AWS_CONTAINER_CREDENTIALS_FULL_URI=" + emulator_.url() + "/v2/credentials/command"};
    Program program(CALLED, words, options);
    const int status = program.exit_status(kPatience);
    out = program.out() + program.err();
    return status;
  }

  Emulator emulator_;
  std::optional<Program> called_;
  int port_ = 0;
  std::string audience_;
  aws::Credentials credentials_;
};

TEST_F(CallersTest, strangers_get_401_and_nothing_else_told) {
  const int64_t before = calls_of_sts();
  for (const char* path : kPrivate) {
    const HttpAnswer answer = ask(path, "");
    EXPECT_EQ(answer.status, 401) << path;
    EXPECT_EQ(answer.body, "Unauthorized\n") << path;
  }
  EXPECT_EQ(ask("/log/level?level=debug", "", "PUT").status, 401);
  EXPECT_EQ(ask("/health", "").body.find(audience_.substr(audience_.rfind('/') + 1)),
            std::string::npos);
  EXPECT_EQ(calls_of_sts(), before);
}

TEST_F(CallersTest, an_allowed_role_sees_what_is_private_once_a_token) {
  const int64_t before = calls_of_sts();
  const std::string once = token();
  EXPECT_EQ(status("/config", once), 200);
  EXPECT_EQ(calls_of_sts(), before + 1);
  const HttpAnswer again = ask("/config", once);
  EXPECT_EQ(again.status, 401) << "replayed";
  EXPECT_EQ(again.body, "Unauthorized\n");
  EXPECT_EQ(calls_of_sts(), before + 1) << "nobody is asked about a token twice";
  const HttpAnswer changed = ask("/log/level?level=debug", token(), "PUT");
  EXPECT_EQ(changed.status, 200);
  EXPECT_NE(changed.body.find("DEBUG"), std::string::npos) << changed.body;
}

TEST_F(CallersTest, another_role_gets_403) {
  be("Readers");
  const HttpAnswer answer = ask("/config", token());
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.body.find("called"), std::string::npos) << answer.body;
}

TEST_F(CallersTest, an_expired_token_gets_401_without_sts) {
  const int64_t before = calls_of_sts();
  EXPECT_EQ(status("/config", token(61)), 401);
  EXPECT_EQ(status("/config", token(-30)), 401) << "from the future";
  EXPECT_EQ(calls_of_sts(), before);
}

TEST_F(CallersTest, a_token_for_another_audience_gets_401) {
  for (const char* other : {"called/production/i-0abc", "called/staging/x", "other/production/x"}) {
    const std::string foreign = identity::make_token({emulator_.tls_url(), "us-east-1"}, other,
                                                     credentials_, std::time(nullptr));
    EXPECT_EQ(status("/config", foreign), 401) << other;
  }
  // Keys that nobody gave out, and a signature that was changed.
  aws::Credentials made_up = credentials_;
  made_up.secret_access_key += "x";
  EXPECT_EQ(status("/config", identity::make_token({emulator_.tls_url(), "us-east-1"}, audience_,
                                                   made_up, std::time(nullptr))),
            401);
}

TEST_F(CallersTest, another_host_or_action_is_refused_without_being_fetched) {
  // Who fetched it would come here.
  const int trap = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(trap, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(trap, 8), 0);
  getsockname(trap, reinterpret_cast<sockaddr*>(&address), &size);
  const int64_t before = calls_of_sts();
  const std::string elsewhere = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  for (const std::string& host : {"http://" + elsewhere, "https://" + elsewhere,
                                  emulator_.tls_url() + "@" + elsewhere, emulator_.url()}) {
    EXPECT_EQ(status("/config", identity::make_token({host, "us-east-1"}, audience_, credentials_,
                                                     std::time(nullptr))),
              401)
        << host;
  }
  EXPECT_EQ(accept(trap, nullptr, nullptr), -1);
  EXPECT_EQ(errno, EAGAIN) << "nobody came";
  close(trap);
  EXPECT_EQ(calls_of_sts(), before);
}

TEST_F(CallersTest, ten_thousand_garbage_headers_cause_no_call_of_sts) {
  const int64_t before = calls_of_sts();
  const std::string shape = token();
  for (int i = 0; i < 10'000; ++i) {
    std::string garbage = shape;
    // One character of it, so that most is in order: somewhere in the endpoint, the action, the scope.
    if (i % 3 == 0) garbage = "Bearer outrigger-v1." + std::to_string(i);
    if (i % 3 == 1) garbage.resize(30 + static_cast<size_t>(i) % (shape.size() - 40));
    if (i % 3 == 2) garbage[20 + static_cast<size_t>(i) % 60] ^= 1;
    const HttpAnswer answer =
        http(port_, "/config", "GET", kPatience, "Authorization: " + garbage + "\r\n");
    ASSERT_EQ(answer.status, 401) << i << " " << garbage << " " << answer.body;
  }
  EXPECT_EQ(calls_of_sts(), before);
  EXPECT_EQ(status("/config", token()), 200) << "and who may is still let in";
  EXPECT_EQ(calls_of_sts(), before + 1);
}

TEST_F(CallersTest, the_command_line_proves_it) {
  const std::string url = "http://127.0.0.1:" + std::to_string(port_);
  std::string out;
  EXPECT_EQ(command({"--as-iam", "health", url, "--audience", audience_}, out), 0) << out;
  EXPECT_NE(out.find("called"), std::string::npos) << out;
  EXPECT_EQ(command({"--as-iam", "log", url, "debug", "--audience", audience_}, out), 0) << out;
  EXPECT_EQ(out, "{\"level\":\"DEBUG\"}\n");
  EXPECT_EQ(
      command({"--as-iam", "profile", url, "threads", "--text", "--audience", audience_}, out), 0)
      << out;
  EXPECT_NE(out.find("threads"), std::string::npos) << out;
  // What goes wrong is said in one sentence.
  EXPECT_EQ(command({"--as-iam", "health", url}, out), 2);
  EXPECT_NE(out.find("--audience \"\" will not do"), std::string::npos) << out;
  EXPECT_EQ(command({"--as-iam", "config", url}, out), 2);
  EXPECT_NE(out.find("expected health, profile or log"), std::string::npos) << out;
  EXPECT_EQ(command({"--as-iam", "health", url, "--audience", "called/production/else"}, out), 1);
  EXPECT_NE(out.find("it does not believe the proof"), std::string::npos) << out;
  be("Readers");
  EXPECT_EQ(command({"--as-iam", "health", url, "--audience", audience_}, out), 1);
  EXPECT_NE(out.find("this role is not among those"), std::string::npos) << out;
}

// The log says which certificate the port has; who names it asks over TLS.
TEST_F(CallersTest, tls_is_believed_by_the_fingerprint_in_the_log) {
  constexpr std::string_view kMarker = "certificate has the SHA-256 ";
  ASSERT_TRUE(eventually(kPatience, [&] {
    return called_->out().find(kMarker) != std::string::npos;
  })) << called_->out();
  const std::string log = called_->out();
  const std::string fingerprint = log.substr(log.find(kMarker) + kMarker.size(), 32 * 3 - 1);
  const std::string url = "https://127.0.0.1:" + std::to_string(port_);
  std::string out;
  EXPECT_EQ(command({"health", url, "--fingerprint", fingerprint}, out), 0) << out;
  EXPECT_EQ(
      command({"--as-iam", "health", url, "--fingerprint", fingerprint, "--audience", audience_},
              out),
      0)
      << out;
  EXPECT_NE(out.find("called"), std::string::npos) << out;
  EXPECT_EQ(command({"health", url, "--fingerprint", std::string(64, 'a')}, out), 1);
  EXPECT_NE(out.find("its certificate is another one"), std::string::npos) << out;
  EXPECT_EQ(command({"health", url}, out), 1);
  EXPECT_NE(out.find("not trusted"), std::string::npos) << out;
}

// Nothing that was shown or asked is found in what the service writes.
TEST_F(CallersTest, no_token_reaches_the_log) {
  EXPECT_EQ(status("/config", token()), 200);
  EXPECT_EQ(status("/config", token(61)), 401);
  EXPECT_EQ(called_->out().find("outrigger-v1"), std::string::npos);
  EXPECT_EQ(called_->err().find("outrigger-v1"), std::string::npos);
  EXPECT_EQ(called_->out().find(credentials_.session_token), std::string::npos);
}

}  // namespace
}  // namespace outrigger::whole
