#include "ops/served.h"

#include "http/server.h"

namespace outrigger::ops {
namespace {

// An operation's parameters may come as a JSON body; a megabyte of them is a mistake or an attack.
constexpr std::size_t kBodyBytesMax = 1u << 20;

class Served final : public Server {
 public:
  explicit Served(std::unique_ptr<http::Server> server) : server_(std::move(server)) {}
  std::string address() const override { return server_->listeners().front().address; }
  void drain(std::chrono::milliseconds deadline) override { server_->drain(deadline); }

 private:
  const std::unique_ptr<http::Server> server_;
};

http::Handler through_the_door(std::function<ServedResponse(const ServedRequest&)> handler) {
  return [handler = std::move(handler)](const http::ServerRequest& request) {
    ServedResponse given = handler({request.method, request.path, request.query, request.body});
    http::ServerResponse response;
    response.status = given.status;
    response.content_type = std::move(given.content_type);
    response.body = std::move(given.body);
    if (!given.allow.empty()) response.headers.emplace_back("Allow", std::move(given.allow));
    return response;
  };
}

}  // namespace

Result<std::unique_ptr<Server>> serve(ServeOptions options) {
  http::ServerOptions http_options;
  http_options.listen = {options.address};
  http_options.option = "--listen";
  http_options.threads = options.threads;
  http_options.thread_name = "or-serve";
  http_options.limits.body_bytes = kBodyBytesMax;
  http_options.handler = through_the_door(std::move(options.handler));
  http_options.on_beat = std::move(options.on_beat);
  auto server = http::Server::start(std::move(http_options));
  if (!server) return server.error();
  return std::unique_ptr<Server>(new Served(std::move(*server)));
}

}  // namespace outrigger::ops
