// A Boost.Beast server with one event loop. after.cc is the same, adopted.
//
//     before --port 8080
#include <outrigger/outrigger.h>
#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <iostream>
#include <memory>
#include <string_view>

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

class Session : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(tcp::socket socket) : stream_(std::move(socket)) {}

  void read() {
    request_ = {};
    http::async_read(stream_, buffer_, request_, [self = shared_from_this()](auto error, size_t) {
      if (!error) self->answer();
    });
  }

 private:
  void answer() {
    response_ = {http::status::ok, request_.version()};
    response_.body() = "you asked for " + std::string(request_.target()) + "\n";
    response_.keep_alive(request_.keep_alive());
    response_.prepare_payload();
    outrigger::log::info("answered {target}", request_.target());
    http::async_write(stream_, response_, [self = shared_from_this()](auto error, size_t) {
      if (!error && self->response_.keep_alive()) self->read();
    });
  }

  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  http::request<http::empty_body> request_;
  http::response<http::string_body> response_;
};

void accept(tcp::acceptor& acceptor) {
  acceptor.async_accept([&acceptor](auto error, tcp::socket socket) {
    if (error) return;
    std::make_shared<Session>(std::move(socket))->read();
    accept(acceptor);
  });
}

int serve(int argc, char** argv) {
  if (argc != 3 || std::string_view(argv[1]) != "--port") {
    std::cerr << "usage: --port PORT\n";
    return 2;
  }
  asio::io_context loop;
  const auto port = static_cast<unsigned short>(std::stoi(argv[2]));
  tcp::acceptor acceptor(loop, {asio::ip::address_v4::loopback(), port});
  std::cout << "listening on port " << acceptor.local_endpoint().port() << std::endl;
  accept(acceptor);
  asio::signal_set signals(loop, SIGTERM, SIGINT);
  signals.async_wait([&](auto, int) { loop.stop(); });
  outrigger::on_drain([&] { loop.stop(); });
  const outrigger::BeatThrough beats("loop", [&](auto task) { asio::post(loop, task); });
  loop.run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return outrigger::adopt({.name = "beast"}, argc, argv, serve); }
