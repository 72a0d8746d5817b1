// A service with one operation of each kind, for operations_test.cc.
#include <outrigger/http.h>
#include <outrigger/outrigger.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

using namespace outrigger;

namespace {

std::atomic<int> g_calls{0};      // of this process: tells a running service from a command
std::atomic<int> g_cancelled{0};  // calls that were told to stop

Result<Json> wait_until_told(const Call& call) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any().wait(lock, call.token(), [] { return false; });
  ++g_cancelled;
  return call.why();
}

Result<void> count(Lines& lines, int to, int fail_at) {
  for (int i = 1; i <= to; ++i) {
    if (i == fail_at) return failed("it broke at " + std::to_string(i));
    if (!lines.write(Json{{"n", i}})) {
      ++g_cancelled;
      return {};
    }
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  Service service{{.name = "operator", .about = "Has one operation of each kind."}};
  service.operation("calls", "How often this process was asked.")
      .read_only()
      .live()
      .does([]() -> Result<Json> {
        return Json{{"calls", ++g_calls}};
      });
  service.operation("secret", "Locally, or for its own user.")
      .arg<std::string>("word", "any", "none")
      .restricted()
      .live()
      .does([](const std::string& word) -> Result<Json> {
        return Json{{"word", word}};
      });
  service.operation("there", "A command that asks, without an endpoint.")
      .cli_only()
      .live()
      .does([]() -> Result<Json> { return Json(++g_calls); });
  service.operation("here", "A command alone.").cli_only().does([]() -> Result<Json> {
    return Json(++g_calls);
  });
  service.operation("count", "Counts in lines.")
      .arg<int>("to", "how far", {.min = 0})
      .arg<int>("fail-at", "where to break", 0)
      .read_only()
      .streams(count);
  service.operation("follow", "Counts in lines, in the service.")
      .arg<int>("to", "how far")
      .arg<int>("fail-at", "where to break", 0)
      .live()
      .streams(count);
  service.operation("wait", "Until it is told to stop.").does(wait_until_told);
  service.operation("brief", "Likewise, at most 50 ms.")
      .within(std::chrono::milliseconds(50))
      .does(wait_until_told);
  service.operation("cancelled", "How many calls were told to stop.")
      .read_only()
      .does([]() -> Result<Json> { return Json(g_cancelled.load()); });
  service.operation("trace", "The trace that the call is within.")
      .read_only()
      .does([]() -> Result<Json> {
        static const auto part = log::module("part");
        log::info("traced");
        log::debug(part, "in detail");
        return Json(log::current().traceparent());
      });
  service.operation("relay", "What `trace` says when it is asked by another call of this service.")
      .arg<int>("port", "where this service listens")
      .read_only()
      .does([](int port) -> Result<Json> {
        log::info("relayed");
        const auto answer =
            http::fetch({.url = "http://127.0.0.1:" + std::to_string(port) + "/trace"});
        if (!answer.ok()) return answer.error();
        return Json::parse(answer->body);
      });
  service.operation("throws", "Throws.").does([]() -> Result<Json> {
    throw std::runtime_error("nobody's business");
  });
  service.operation("add", "Adds.")
      .rest<double>("number", "what to add")
      .does([](const std::vector<double>& all) -> Result<Json> {
        double sum = 0;
        for (const double each : all) sum += each;
        return Json{{"sum", sum}};
      });
  return run(argc, argv, service);
}
