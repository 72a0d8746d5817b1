// A gRPC server as many are: a main, flags and a signal thread of its own. after.cc is the same,
// adopted.
//
//     before --port=50051 --greeting="Good day"
#include <grpcpp/grpcpp.h>
#include <signal.h>

#include <chrono>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>

#include "greeter.grpc.pb.h"

namespace {

struct Flags {
  std::string port = "50051";
  std::string greeting = "Hello";
};

bool take(std::string_view word, std::string_view flag, std::string& value) {
  if (!word.starts_with(flag)) return false;
  value = word.substr(flag.size());
  return true;
}

class GreeterService final : public greeter::Greeter::Service {
 public:
  explicit GreeterService(std::string greeting) : greeting_(std::move(greeting)) {}

  grpc::Status Greet(grpc::ServerContext* context, const greeter::GreetRequest* request,
                     greeter::GreetReply* reply) override {
    if (context->IsCancelled()) return grpc::Status::CANCELLED;
    std::cerr << "greets " << request->name() << '\n';
    std::this_thread::sleep_for(std::chrono::milliseconds(request->take_ms()));
    reply->set_greeting(greeting_ + ", " + request->name());
    return grpc::Status::OK;
  }

 private:
  const std::string greeting_;
};

// SIGTERM and SIGINT, for one thread to wait for.
sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

int serve(int argc, char** argv) {
  Flags flags;
  for (int i = 1; i < argc; ++i) {
    if (take(argv[i], "--port=", flags.port) || take(argv[i], "--greeting=", flags.greeting))
      continue;
    std::cerr << "unknown flag " << argv[i] << '\n';
    return 2;
  }
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  GreeterService service(flags.greeting);
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:" + flags.port, grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::cout << "listening on port " << port << std::endl;
  std::thread stopper([&] {
    int signal = 0;
    sigwait(&signals, &signal);
    server->Shutdown();
  });
  server->Wait();
  stopper.join();
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return serve(argc, argv); }
