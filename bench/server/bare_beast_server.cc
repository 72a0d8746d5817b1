// The yardstick: a bare Boost.Beast server, asynchronous, kept-alive connections, after Beast's own
// example. It gives the same answer with as little as that takes: no limits, no time-outs, no
// routing, no errors. Arguments: port, threads.
#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

namespace {

class Session : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(tcp::socket socket) : stream_(std::move(socket)) {}

  void read() {
    request_ = {};
    http::async_read(stream_, buffer_, request_,
                     [self = shared_from_this()](beast::error_code error, size_t) {
                       if (!error) self->answer();
                     });
  }

 private:
  void answer() {
    const std::string target(request_.target());
    const size_t at = target.find("name=");
    const std::string name = at == std::string::npos ? "" : target.substr(at + 5);
    response_ = http::response<http::string_body>{http::status::ok, request_.version()};
    response_.set(http::field::content_type, "application/json");
    response_.keep_alive(request_.keep_alive());
    response_.body() = "{\"greeting\":\"Hi, " + name + "\"}\n";
    response_.prepare_payload();
    http::async_write(stream_, response_,
                      [self = shared_from_this()](beast::error_code error, size_t) {
                        if (!error && self->response_.keep_alive()) self->read();
                      });
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  http::response<http::string_body> response_;
};

void accept(tcp::acceptor& acceptor, asio::io_context& loop) {
  acceptor.async_accept(asio::make_strand(loop), [&](beast::error_code error, tcp::socket socket) {
    if (!error) {
      socket.set_option(tcp::no_delay(true));
      std::make_shared<Session>(std::move(socket))->read();
    }
    accept(acceptor, loop);
  });
}

}  // namespace

int main(int, char** argv) {
  const int threads = std::atoi(argv[2]);
  asio::io_context loop(threads);
  const auto port = static_cast<unsigned short>(std::atoi(argv[1]));
  tcp::acceptor acceptor(loop, {asio::ip::address_v4::loopback(), port});
  accept(acceptor, loop);
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back([&] { loop.run(); });
  loop.run();
}
