// The yardstick for starting: one static process that answers every GET with 200, on Boost.Beast,
// nothing else. Its port is its argument.
#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <cstdlib>

namespace asio = boost::asio;
namespace http = boost::beast::http;

int main(int, char** argv) {
  asio::io_context loop;
  const auto port = static_cast<unsigned short>(std::atoi(argv[1]));
  asio::ip::tcp::acceptor acceptor(loop, {asio::ip::address_v4::loopback(), port});
  for (;;) {
    asio::ip::tcp::socket socket(loop);
    acceptor.accept(socket);
    boost::beast::flat_buffer buffer;
    http::request<http::string_body> request;
    boost::beast::error_code error;
    http::read(socket, buffer, request, error);
    if (error) continue;
    http::response<http::string_body> response{http::status::ok, request.version()};
    response.body() = "alive\n";
    response.prepare_payload();
    http::write(socket, response, error);
  }
}
