// A request as the server hands it to the face, with all that it refers to.
#pragma once

#include <string>
#include <utility>

#include "ops/ops.h"
#include "outrigger/call.h"

namespace outrigger::service {

struct Asked {
  Asked(std::string_view asked_method, std::string_view asked_path,
        ops::Parameters asked_query = {})
      : method(asked_method), path(asked_path), query(std::move(asked_query)) {}

  Asked& with(std::string_view name, std::string_view value) {
    headers.emplace_back(name, value);
    return *this;
  }
  Asked& from(ops::Asker who) {
    asker = who;
    return *this;
  }
  // The answer of `face`; what it sets is in `until`.
  template <typename Face>
  ops::ServedResponse of(const Face& face) {
    return face.answer({.method = method,
                        .path = path,
                        .query = query,
                        .headers = headers,
                        .body = body,
                        .address = "192.0.2.1:40000",
                        .asker = asker,
                        .token = source.get_token(),
                        .limit = limit});
  }

  std::string_view method, path;
  ops::Parameters query;
  ops::Headers headers;
  std::string body;
  ops::Asker asker = ops::Asker::kStranger;
  std::stop_source source;
  std::chrono::steady_clock::time_point until{};
  std::function<void(std::chrono::steady_clock::time_point)> limit =
      [this](std::chrono::steady_clock::time_point given) { until = given; };
};

// Who calls in tests of operations alone.
class TestCaller final : public internal::Caller {
 public:
  std::stop_token token() const override { return source.get_token(); }
  Deadline deadline() const override { return until; }
  std::string_view header(std::string_view) const override { return {}; }
  bool write(const Json& line) override {
    lines += line.dump() + "\n";
    if (++written == stop_after) source.request_stop();
    return true;
  }

  std::stop_source source;
  Deadline until = Deadline::max();
  std::string lines;
  int written = 0;
  int stop_after = -1;
};

}  // namespace outrigger::service
