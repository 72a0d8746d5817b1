#include "ops/served.h"

#include <unistd.h>

#include "admin/exposure.h"
#include "http/server.h"

namespace outrigger::ops {
namespace {

// An operation's parameters may come as a JSON body; a megabyte of them is a mistake or an attack.
constexpr std::size_t kBodyBytesMax = 1u << 20;

class Served final : public Server {
 public:
  explicit Served(std::unique_ptr<http::Server> server) : server_(std::move(server)) {}
  std::string address() const override {
    for (const http::Listener& listener : server_->listeners())
      if (!listener.is_unix()) return listener.address;
    return server_->listeners().front().address;
  }
  void drain(std::chrono::milliseconds deadline) override { server_->drain(deadline); }

 private:
  const std::unique_ptr<http::Server> server_;
};

Asker asker_of(const http::ServerRequest& request, bool local, uint32_t own_uid) {
  if (admin::trust_in(request, local, own_uid) == admin::Trust::kStranger) return Asker::kStranger;
  return request.peer->unix_socket ? Asker::kCommand : Asker::kInsider;
}

http::ServerResponse given_back(ServedResponse given) {
  http::ServerResponse response;
  response.status = given.status;
  response.content_type = std::move(given.content_type);
  response.body = std::move(given.body);
  response.headers = std::move(given.headers);
  if (given.stream) {
    response.stream = [stream = std::move(given.stream)](const http::Send& send) {
      return given_back(stream(send));
    };
  }
  return response;
}

http::Handler through_the_door(std::function<ServedResponse(const ServedRequest&)> handler,
                               bool local) {
  return [handler = std::move(handler), local,
          own_uid = geteuid()](const http::ServerRequest& request) {
    return given_back(handler({.method = request.method,
                               .path = request.path,
                               .query = request.query,
                               .headers = request.headers,
                               .body = request.body,
                               .address = request.peer->address,
                               .asker = asker_of(request, local, own_uid),
                               .token = request.token,
                               .limit = request.limit}));
  };
}

}  // namespace

Result<std::unique_ptr<Server>> serve(ServeOptions options) {
  http::ServerOptions http_options;
  http_options.listen = std::move(options.addresses);
  http_options.inherited = std::move(options.inherited);
  http_options.option = "--listen";
  http_options.threads = options.threads;
  http_options.thread_name = "or-serve";
  http_options.limits.body_bytes = kBodyBytesMax;
  http_options.handler = through_the_door(std::move(options.handler), options.local);
  http_options.on_beat = std::move(options.on_beat);
  auto server = http::Server::start(std::move(http_options));
  if (!server) return server.error();
  return std::unique_ptr<Server>(new Served(std::move(*server)));
}

}  // namespace outrigger::ops
