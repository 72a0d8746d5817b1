// The least of an HTTP client, for the admin port on TCP or on a socket in the abstract namespace.
#pragma once

#include <string>
#include <string_view>

namespace outrigger::keeper {

struct Answer {
  int status = 0;  // 0: no connection, or no answer
  std::string body;

  // Written without regard to white space.
  bool has(std::string_view text) const;
};
// `address`: "127.0.0.1:8081" or "@name".
Answer ask(std::string_view address, std::string_view method, std::string_view path);

}  // namespace outrigger::keeper
