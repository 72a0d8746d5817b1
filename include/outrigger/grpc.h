// gRPC servers: a line in the log for each call, trace identities, and readiness told by
// grpc.health.v1, as grpc_health_probe and Kubernetes' grpc probes ask for it. Header-only;
// needs gRPC's C++ library (1.43 or later) in the program.
//
//     ServerBuilder builder;
//     ...
//     outrigger::instrument(builder);                        // before BuildAndStart()
//     const std::unique_ptr<Server> server = builder.BuildAndStart();
//     const outrigger::GrpcHealth health(*server, {"greeter.Greeter"});
//     server->Wait();
//
//     Status Greet(ServerContext* context, ...) {
//       const outrigger::log::Within within(outrigger::context_of(*context));
//       ...                                                  // all entries have the call's trace
//
// Everything here may be called from any thread.
#pragma once

#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/server_interceptor.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "outrigger/log.h"
#include "outrigger/service.h"

namespace outrigger {
namespace internal {

inline log::Context grpc_context(
    const std::multimap<::grpc::string_ref, ::grpc::string_ref>& metadata) {
  const auto found = metadata.find("traceparent");
  if (found == metadata.end()) return log::Context::begin();
  return log::Context::of_request({found->second.data(), found->second.size()});
}

// What the interceptor made of the call whose handler runs next in this thread, so that both speak
// of the same span.
struct GrpcCallHere {
  const void* server_context = nullptr;
  log::Context context;
};
inline thread_local GrpcCallHere t_grpc_call;

inline std::string_view grpc_code_name(::grpc::StatusCode code) {
  static constexpr std::string_view kNames[] = {"OK",
                                                "CANCELLED",
                                                "UNKNOWN",
                                                "INVALID_ARGUMENT",
                                                "DEADLINE_EXCEEDED",
                                                "NOT_FOUND",
                                                "ALREADY_EXISTS",
                                                "PERMISSION_DENIED",
                                                "RESOURCE_EXHAUSTED",
                                                "FAILED_PRECONDITION",
                                                "ABORTED",
                                                "OUT_OF_RANGE",
                                                "UNIMPLEMENTED",
                                                "INTERNAL",
                                                "UNAVAILABLE",
                                                "DATA_LOSS",
                                                "UNAUTHENTICATED"};
  const auto index = static_cast<std::size_t>(code);
  return index < std::size(kNames) ? kNames[index] : "?";
}

// One a call. What it says is said when the status is sent, or when the call ends without one.
class GrpcCallLog final : public ::grpc::experimental::Interceptor {
 public:
  explicit GrpcCallLog(::grpc::experimental::ServerRpcInfo* info)
      : method_(info->method()),
        server_context_(info->server_context()),
        // Probes ask every few seconds.
        silent_(std::string_view(method_).starts_with("/grpc.health.v1.")) {}
  ~GrpcCallLog() override {
    if (began_ && !told_) tell(::grpc::Status::CANCELLED);
  }

  void Intercept(::grpc::experimental::InterceptorBatchMethods* methods) override {
    using Point = ::grpc::experimental::InterceptionHookPoints;
    if (methods->QueryInterceptionHookPoint(Point::POST_RECV_INITIAL_METADATA)) {
      began_ = true;
      began_at_ = std::chrono::steady_clock::now();
      if (const auto* metadata = methods->GetRecvInitialMetadata(); metadata != nullptr && !silent_)
        context_ = grpc_context(*metadata);
      t_grpc_call = {server_context_, context_};
    }
    if (methods->QueryInterceptionHookPoint(Point::PRE_SEND_STATUS)) tell(methods->GetSendStatus());
    methods->Proceed();
  }

 private:
  void tell(const ::grpc::Status& status) {
    told_ = true;
    if (silent_) return;
    const double ms =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began_at_)
            .count();
    const std::string_view code = grpc_code_name(status.error_code());
    if (status.ok()) {
      log::info(context_, "{method} {status} in {ms:.1f} ms", method_, code, ms);
    } else {
      log::warn(context_, "{method} {status} in {ms:.1f} ms: {why}", method_, code, ms,
                status.error_message());
    }
  }

  const std::string method_;
  const void* const server_context_;
  const bool silent_;
  bool began_ = false;
  bool told_ = false;
  std::chrono::steady_clock::time_point began_at_{};
  log::Context context_;
};

class GrpcCallLogs final : public ::grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  ::grpc::experimental::Interceptor* CreateServerInterceptor(
      ::grpc::experimental::ServerRpcInfo* info) override {
    return new GrpcCallLog(info);
  }
};

}  // namespace internal

// For builders that have interceptors of their own: one more, for the list.
inline std::unique_ptr<::grpc::experimental::ServerInterceptorFactoryInterface> grpc_call_log() {
  return std::make_unique<internal::GrpcCallLogs>();
}

// The server that is built next logs its calls and answers grpc.health.v1. Sets the builder's
// interceptors; see grpc_call_log().
inline void instrument(::grpc::ServerBuilder& builder) {
  ::grpc::EnableDefaultHealthCheckService(true);
  std::vector<std::unique_ptr<::grpc::experimental::ServerInterceptorFactoryInterface>> creators;
  creators.push_back(grpc_call_log());
  builder.experimental().SetInterceptorCreators(std::move(creators));
}

// Of a call, within its handler: the caller's trace and a span of this service, or a new trace.
inline log::Context context_of(const ::grpc::ServerContextBase& call) {
  if (internal::t_grpc_call.server_context == &call) return internal::t_grpc_call.context;
  return internal::grpc_context(call.client_metadata());
}

// Says SERVING while the service is ready and NOT_SERVING otherwise, to those who ask for "" or for
// one of `services`, by Check and by Watch. Ends before the server does.
class GrpcHealth {
 public:
  explicit GrpcHealth(::grpc::Server& server, std::vector<std::string> services = {})
      : watch_(
            [health = server.GetHealthCheckService(), services = std::move(services)](bool ready) {
              if (health == nullptr) return;  // instrument() was not called
              for (const std::string& service : services) health->SetServingStatus(service, ready);
              health->SetServingStatus("", ready);
            }) {}

 private:
  const ReadinessWatch watch_;
};

}  // namespace outrigger
