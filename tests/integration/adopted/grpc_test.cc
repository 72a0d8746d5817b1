// A gRPC server before and after it was adopted, asked as its clients and probes ask.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <memory>
#include <thread>

#include "greeter.grpc.pb.h"
#include "health.grpc.pb.h"
#include "programs.h"

namespace outrigger::whole {
namespace {

using ::grpc::health::v1::Health;
using ::grpc::health::v1::HealthCheckRequest;
using ::grpc::health::v1::HealthCheckResponse;

const char* const kTraceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

class Client {
 public:
  explicit Client(int port)
      : channel_(::grpc::CreateChannel("127.0.0.1:" + std::to_string(port),
                                       ::grpc::InsecureChannelCredentials())),
        greeter_(greeter::Greeter::NewStub(channel_)),
        health_(Health::NewStub(channel_)) {}

  // The greeting, or the status' number.
  std::string greet(const std::string& name, unsigned take_ms = 0, const char* trace = nullptr) {
    ::grpc::ClientContext context;
    be_patient(context);
    if (trace != nullptr) context.AddMetadata("traceparent", trace);
    greeter::GreetRequest request;
    request.set_name(name);
    request.set_take_ms(take_ms);
    greeter::GreetReply reply;
    const ::grpc::Status status = greeter_->Greet(&context, request, &reply);
    return status.ok() ? reply.greeting() : std::to_string(status.error_code());
  }

  // What grpc_health_probe would see: SERVING, NOT_SERVING ..., or the status' number.
  std::string check(const std::string& service) {
    ::grpc::ClientContext context;
    be_patient(context);
    HealthCheckRequest request;
    request.set_service(service);
    HealthCheckResponse response;
    const ::grpc::Status status = health_->Check(&context, request, &response);
    return status.ok() ? HealthCheckResponse::ServingStatus_Name(response.status())
                       : std::to_string(status.error_code());
  }

  // What a watcher is told, one after another, until `last` or the end.
  std::vector<std::string> watch_until(const std::string& last, const std::function<void()>& then) {
    ::grpc::ClientContext context;
    be_patient(context);
    auto stream = health_->Watch(&context, HealthCheckRequest());
    std::vector<std::string> told;
    HealthCheckResponse response;
    while (stream->Read(&response)) {
      told.push_back(HealthCheckResponse::ServingStatus_Name(response.status()));
      if (told.size() == 1) then();
      if (told.back() == last) break;
    }
    context.TryCancel();
    return told;
  }

 private:
  static void be_patient(::grpc::ClientContext& context) {
    context.set_deadline(std::chrono::system_clock::now() + 60s);
    context.set_wait_for_ready(true);
  }
  const std::shared_ptr<::grpc::Channel> channel_;
  const std::unique_ptr<greeter::Greeter::Stub> greeter_;
  const std::unique_ptr<Health::Stub> health_;
};

TEST(AdoptedGrpc, before_and_after_do_the_same_with_their_own_flags) {
  for (const char* file : {GRPC_BEFORE, GRPC_AFTER}) {
    Program program(file, {"--port=0", "--greeting=Good day"}, {.environment = kAdoptedVariables});
    const int port = port_of(program);
    ASSERT_NE(port, 0) << program.err();
    EXPECT_EQ(Client(port).greet("Ada"), "Good day, Ada") << file;
    kill(program.pid(), SIGTERM);
    EXPECT_EQ(program.exit_status(60s), 0) << program.err();
    Program wrong(file, {"--prt=0"}, {.environment = kAdoptedVariables});
    EXPECT_EQ(wrong.exit_status(60s), 2);
    EXPECT_NE((wrong.out() + wrong.err()).find("unknown flag --prt=0"), std::string::npos);
  }
}

TEST(AdoptedGrpc, health_is_answered_as_a_probe_asks) {
  Program program(GRPC_AFTER, {"--port=0"}, {.environment = kAdoptedVariables});
  const int port = port_of(program);
  ASSERT_NE(port, 0) << program.err();
  Client client(port);
  EXPECT_TRUE(eventually(60s, [&] { return client.check("greeter.Greeter") == "SERVING"; }));
  EXPECT_EQ(client.check(""), "SERVING");
  EXPECT_EQ(client.check("no.such.Service"), std::to_string(::grpc::NOT_FOUND));
  EXPECT_EQ(http(program.admin_port(), "/readyz").status, 200);
}

TEST(AdoptedGrpc, a_drain_is_told_and_lets_a_running_call_finish) {
  // Elsewhere than local there is a lame-duck time of five seconds.
  Program program(
      GRPC_AFTER, {"--port=0", "--greeting=Hi"},
      {.environment = {"OUTRIGGER_ADMIN=127.0.0.1:0", "OUTRIGGER_ENVIRONMENT=production"}});
  const int port = port_of(program);
  ASSERT_NE(port, 0) << program.err();
  std::string slow, late;
  std::thread running([&] { slow = Client(port).greet("Slow", 8000); });
  EXPECT_TRUE(
      eventually(60s, [&] { return program.out().find("greets Slow") != std::string::npos; }));
  Client client(port);
  const std::vector<std::string> told =
      client.watch_until("NOT_SERVING", [&] { kill(program.pid(), SIGTERM); });
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.back(), "NOT_SERVING");
  late = client.greet("Late");
  running.join();
  EXPECT_EQ(slow, "Hi, Slow");
  EXPECT_EQ(late, "Hi, Late") << "a lame duck still accepts";
  EXPECT_EQ(program.exit_status(60s), 0) << program.err();
}

TEST(AdoptedGrpc, a_kill_loses_nothing_that_was_answered) {
  constexpr int kCalls = 500;
  Program program(GRPC_AFTER, {"--port=0"}, {.environment = kAdoptedVariables});
  const int port = port_of(program);
  ASSERT_NE(port, 0) << program.err();
  Client client(port);
  int answered = 0;
  for (int i = 0; i < kCalls; ++i)
    answered += client.greet("number" + std::to_string(i) + ".") ==
                "Hello, number" + std::to_string(i) + ".";
  program.signal_service(SIGKILL);
  EXPECT_EQ(program.exit_status(60s), 137);
  EXPECT_EQ(answered, kCalls);
  const std::string out = program.out();
  int there = 0;
  for (int i = 0; i < kCalls; ++i)
    there += count_of(out, "greets number" + std::to_string(i) + ". (") == 1;
  EXPECT_EQ(there, kCalls);
}

TEST(AdoptedGrpc, calls_are_logged_within_their_trace) {
  Program program(GRPC_AFTER, {"--port=0"},
                  {.environment = {"OUTRIGGER_ADMIN=127.0.0.1:0", "OUTRIGGER_ENVIRONMENT=local",
                                   "OUTRIGGER_LOGS=stdout-json"}});
  const int port = port_of(program);
  ASSERT_NE(port, 0) << program.err();
  EXPECT_EQ(Client(port).greet("Ada", 0, kTraceparent), "Hello, Ada");
  std::string greets, call;
  EXPECT_TRUE(eventually(60s, [&] {
    for_each_line(program.out(), [&](std::string_view line) {
      if (line.find("greets Ada") != std::string_view::npos) greets = line;
      if (line.find("/greeter.Greeter/Greet OK in") != std::string_view::npos) call = line;
    });
    return !greets.empty() && !call.empty();
  })) << program.out();
  EXPECT_EQ(json_text(greets, "trace_id"), "4bf92f3577b34da6a3ce929d0e0e4736") << greets;
  EXPECT_EQ(json_text(call, "trace_id"), "4bf92f3577b34da6a3ce929d0e0e4736") << call;
  EXPECT_EQ(json_text(call, "span_id"), json_text(greets, "span_id"));
  EXPECT_NE(json_text(call, "span_id"), "00f067aa0ba902b7");
}

}  // namespace
}  // namespace outrigger::whole
