#include "admin/router.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "admin/caller.h"
#include "admin/health_feed.h"
#include "admin/json_writer.h"
#include "admin/negotiate.h"
#include "admin/pages.h"
#include "admin/web.h"
#include "base/clock.h"
#include "http/message.h"

namespace outrigger::admin {
namespace {

using http::ServerRequest;
using http::ServerResponse;

int status_for(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kBadInput:
    case ErrorKind::kNotFound: return 400;  // the path was found; what it was asked about was not
    case ErrorKind::kRefused: return 403;
    case ErrorKind::kUnavailable: return 503;
    case ErrorKind::kTimeout: return 504;
    case ErrorKind::kFailed: break;
  }
  return 500;
}
ServerResponse error_page(const Error& error) {
  return http::error_response(status_for(error), error.message);
}

ServerResponse get_health(Source& source, const ServerRequest& request, Trust trust) {
  const bool html = preferred(request, {"application/json", "text/html"}) == 1;
  ServerResponse response =
      html ? health_html(source.health(), trust) : health_json(source.health(), trust);
  if (!html) response.headers.emplace_back("Vary", "Accept");
  return response;
}
ServerResponse get_health_css(Source&, const ServerRequest&, Trust) {
  return style_sheet(web::health_css);
}
ServerResponse get_health_js(Source&, const ServerRequest&, Trust) {
  return script(web::health_js);
}
ServerResponse get_livez(Source& source, const ServerRequest&, Trust) {
  return livez(source.liveness());
}
ServerResponse get_readyz(Source& source, const ServerRequest&, Trust) {
  return readyz(source.liveness());
}
ServerResponse get_version(Source& source, const ServerRequest&, Trust) {
  return version_page(source.version());
}
ServerResponse get_metrics(Source& source, const ServerRequest& request, Trust) {
  const bool open = preferred(request, {"text/plain", "application/openmetrics-text"}) == 1;
  return metrics_page(source.metrics(),
                      open ? MetricsFormat::kOpenMetrics : MetricsFormat::kPrometheus);
}
ServerResponse get_level(Source& source, const ServerRequest& request, Trust) {
  const auto report = source.level(request.parameter("module").value_or(""));
  return report ? level_page(*report) : error_page(report.error());
}
ServerResponse put_level(Source& source, const ServerRequest& request, Trust) {
  const auto change = level_change(request);
  if (!change) return error_page(change.error());
  const auto report = source.set_level(change->module, change->level, change->lasting);
  return report ? level_page(*report) : error_page(report.error());
}
ServerResponse get_config(Source& source, const ServerRequest&, Trust) {
  return config_page(source.config());
}

ServerResponse get_pprof_index(Source& source, const ServerRequest&, Trust) {
  return pprof_index(source.profiles());
}
ServerResponse get_pprof_cmdline(Source& source, const ServerRequest&, Trust) {
  return pprof_cmdline(source.profiles());
}
ServerResponse get_pprof_symbol(Source& source, const ServerRequest& request, Trust) {
  return pprof_symbol(source.profiles(), request);
}
ServerResponse get_pprof_profile(Source& source, const ServerRequest& request, Trust) {
  return pprof_profile(source.profiles(), request);
}

ServerResponse get_pprof_kept(Source& source, const ServerRequest& request, Trust) {
  return pprof_kept(source.profiles(), request);
}

ServerResponse get_pprof_ui(Source&, const ServerRequest&, Trust) { return pprof_ui(); }
ServerResponse get_flame_css(Source&, const ServerRequest&, Trust) {
  return style_sheet(web::flame_css);
}
ServerResponse get_flame_js(Source&, const ServerRequest&, Trust) { return script(web::flame_js); }

using Page = ServerResponse (*)(Source&, const ServerRequest&, Trust);
struct Route {
  std::string_view path;
  Exposure exposure;
  Page get;
  Page put;  // nullptr where nothing can be put
  Page post = nullptr;
  bool has_feed = false;  // of what changes there, as text/event-stream
};
constexpr Route kRoutes[] = {
    {"/health", Exposure::kAnyone, get_health, nullptr, nullptr, true},
    {"/health.css", Exposure::kAnyone, get_health_css, nullptr},
    {"/health.js", Exposure::kAnyone, get_health_js, nullptr},
    {"/healthz", Exposure::kAnyone, get_health, nullptr, nullptr, true},
    {"/livez", Exposure::kAnyone, get_livez, nullptr},
    {"/readyz", Exposure::kAnyone, get_readyz, nullptr},
    {"/version", Exposure::kAnyone, get_version, nullptr},
    {"/metrics", Exposure::kScrape, get_metrics, nullptr},
    {"/log/level", Exposure::kPrivate, get_level, put_level},
    {"/config", Exposure::kPrivate, get_config, nullptr},
    {"/debug/pprof/", Exposure::kPrivate, get_pprof_index, nullptr},
    {"/debug/pprof/allocs", Exposure::kPrivate, get_pprof_profile, nullptr},
    {"/debug/pprof/block", Exposure::kPrivate, get_pprof_profile, nullptr},
    {"/debug/pprof/cmdline", Exposure::kPrivate, get_pprof_cmdline, nullptr},
    {"/debug/pprof/goroutine", Exposure::kPrivate, get_pprof_profile, nullptr},
    {"/debug/pprof/heap", Exposure::kPrivate, get_pprof_profile, nullptr},
    {"/debug/pprof/kept", Exposure::kPrivate, get_pprof_kept, nullptr},
    {"/debug/pprof/mutex", Exposure::kPrivate, get_pprof_profile, nullptr},
    {"/debug/pprof/profile", Exposure::kPrivate, get_pprof_profile, nullptr},
    {"/debug/pprof/symbol", Exposure::kPrivate, get_pprof_symbol, nullptr, get_pprof_symbol},
    {"/debug/pprof/threads", Exposure::kPrivate, get_pprof_profile, nullptr},
    {"/debug/pprof/ui", Exposure::kPrivate, get_pprof_ui, nullptr},
    {"/debug/pprof/ui.css", Exposure::kPrivate, get_flame_css, nullptr},
    {"/debug/pprof/ui.js", Exposure::kPrivate, get_flame_js, nullptr},
    {"/debug/pprof/wall", Exposure::kPrivate, get_pprof_profile, nullptr},
};

ServerResponse not_found(std::string_view path) {
  JsonWriter json;
  json.begin_object();
  json.member("type", "about:blank");
  json.member("title", "Not Found");
  json.member("status", 404);
  json.member("detail", "there is no " + std::string(path) + " here");
  json.key("paths").begin_array();
  for (const Route& route : kRoutes) json.value(route.path);
  json.end_array();
  json.end_object();
  ServerResponse response;
  response.status = 404;
  response.content_type = "application/problem+json";
  response.body = json.take();
  return response;
}

ServerResponse not_allowed(const Route& route, std::string_view method) {
  std::string sentence(route.path);
  sentence.append(" knows no ").append(method);
  ServerResponse response = http::error_response(405, sentence);
  std::string allowed = "GET, HEAD";
  if (route.put != nullptr) allowed += ", PUT";
  if (route.post != nullptr) allowed += ", POST";
  response.headers.emplace_back("Allow", std::move(allowed));
  return response;
}

ServerResponse too_many() {
  ServerResponse response = http::error_response(429, "too many requests: slow down");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

bool wants_feed(const ServerRequest& request) {
  return preferred(request, {"application/json", "text/html", "text/event-stream"}) == 2;
}

ServerResponse answer_to(const Route& route, Page page, Source& source, HealthFeeds& feeds,
                         Trust trust, const ServerRequest& request) {
  if (!may_see(route.exposure, trust)) return unproven();
  if (route.has_feed && wants_feed(request)) return feeds.open(trust);
  return page(source, request, trust);
}

ServerResponse answer(Source& source, const std::shared_ptr<HealthFeeds>& feeds,
                      const Access& access, const ServerRequest& request) {
  for (const Route& route : kRoutes) {
    if (route.path != request.path) continue;
    const Page page = request.method == "GET"    ? route.get
                      : request.method == "PUT"  ? route.put
                      : request.method == "POST" ? route.post
                                                 : nullptr;
    if (page == nullptr) return not_allowed(route, request.method);
    Trust trust = trust_in(request, source.local(), access.own_uid);
    if (trust == Trust::kStranger && is_from(access.networks, request)) trust = Trust::kInsider;
    if (trust == Trust::kStranger && may_prove(request, access)) {
      return when_proven(request, *access.verifier,
                         [&source, feeds, &route, page](const ServerRequest& asked) {
                           return answer_to(route, page, source, *feeds, Trust::kInsider, asked);
                         });
    }
    return answer_to(route, page, source, *feeds, trust, request);
  }
  return not_found(request.path);
}

}  // namespace

http::Handler handler(Source& source, Access access) {
  // The handler is called on one thread at a time.
  return [&source, feeds = std::make_shared<HealthFeeds>(source),
          strangers =
              std::make_shared<identity::Allowances>(access.all_strangers, access.each_stranger),
          access = std::move(access)](const ServerRequest& request) {
    const http::Peer& peer = *request.peer;
    const bool is_near = peer.unix_socket || peer.loopback || source.local();
    if (!is_near && !strangers->take(address_of(peer), base::monotonic_ns())) return too_many();
    return answer(source, feeds, access, request);
  };
}

std::string socket_address(uint32_t uid, std::string_view service, int supervisor_pid) {
  std::string address = "unix:@outrigger/" + std::to_string(uid) + "/";
  for (const char c : service) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.';
    address += plain ? c : '-';
  }
  constexpr std::size_t kAddressMax =
      96;  // a Unix socket's name has 107 characters, a pid up to ten
  if (address.size() > kAddressMax) address.resize(kAddressMax);
  address += '/';
  return address += std::to_string(supervisor_pid);
}

}  // namespace outrigger::admin
