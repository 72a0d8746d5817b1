#include "probe.h"

#include "reach.h"

namespace prober {

using namespace outrigger;

Result<Answer> Probe::operator()(const std::string& url) const {
  http::Request request{.url = url};
  if (!*allow_private_) {
    request.allow = [](std::string_view address, int) { return !is_too_close(address); };
  }
  probes_.add();
  const Result<http::Response> response = http::fetch(request);
  if (!response.ok()) {
    failures_.add();
    if (response.error().kind != ErrorKind::kBadInput) {
      log::warn("no answer from {url}: {error}", url, response.error().message);
    }
    return response.error();
  }
  time_.observe(response->duration);
  const double ms = static_cast<double>(response->duration.count()) / 1000;
  log::info("probed {url} in {ms:.1f} ms: {status}", url, ms, response->status);
  return Answer{url, response->status, ms, response->body.size(), response->address};
}

Result<Json> Probe::all(const std::vector<std::string>& urls) const {
  Json probes = Json::array();
  bool answered = false;
  Error first_error;
  for (const std::string& url : urls) {
    const Result<Answer> answer = (*this)(url);
    if (answer.ok()) {
      answered = true;
      probes.push_back(Json{{"url", url},
                            {"status", answer->status},
                            {"ms", answer->ms},
                            {"bytes", answer->bytes},
                            {"address", answer->address}});
    } else {
      if (first_error.message.empty()) first_error = answer.error();
      probes.push_back(Json{{"url", url}, {"error", answer.error().message}});
    }
  }
  if (!answered) return first_error;
  return Json{{"probes", std::move(probes)}};
}

CheckResult Probe::check(const std::string& url) const {
  const Result<Answer> answer = (*this)(url);
  if (!answer.ok()) return fail(answer.error().message);
  if (answer->status >= 400) return fail("answered " + std::to_string(answer->status));
  return pass("answered " + std::to_string(answer->status));
}

}  // namespace prober
