// /debug/pprof/ as Go's net/http/pprof has it: its paths, parameters, headers and errors, so that
// `go tool pprof` and people's habits work.
#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "admin/pages.h"
#include "admin/profiles.h"
#include "admin/web.h"

namespace outrigger::admin {
namespace {

using http::ServerRequest;
using http::ServerResponse;

constexpr int64_t kSecondsMax = 300;
constexpr uint32_t kHzMax = 1000;
constexpr int64_t kSinceMax = 600;  // what the record holds

struct Described {
  std::string_view name;
  std::string_view about;
  ProfileKind kind;
  ProfileForm form;  // without debug=
};
constexpr std::array kDescribed{
    Described{
        "profile",
        "CPU profile: where the threads' CPU time goes, for ?seconds= (30) at ?hz= (100); or at "
        "once, of what was recorded: ?since=10m. Counted: samples in the record.",
        ProfileKind::kCpu, ProfileForm::kProto},
    Described{"wall",
              "Where the threads' time goes, waiting included, likewise. Its signals end "
              "epoll_wait and nanosleep with EINTR: taken only when asked for.",
              ProfileKind::kWall, ProfileForm::kProto},
    Described{
        "heap",
        "Live memory by who allocated it; with ?seconds= what came within them. Counted: live "
        "blocks that were sampled.",
        ProfileKind::kHeap, ProfileForm::kProto},
    Described{"allocs", "All that was allocated since the start, by whom.", ProfileKind::kAllocs,
              ProfileForm::kProto},
    Described{"mutex", "Who waited for locks, how often and how long; with ?seconds= within them.",
              ProfileKind::kMutex, ProfileForm::kProto},
    Described{"block", "Who waited for locks, condition variables and ends of threads, likewise.",
              ProfileKind::kBlock, ProfileForm::kProto},
    Described{"threads",
              "Every thread's stack now, also while the service is deadlocked or stopped.",
              ProfileKind::kThreads, ProfileForm::kProto},
    Described{"goroutine", "The same by Go's name.", ProfileKind::kThreads, ProfileForm::kProto},
};

ServerResponse text(int status, std::string body) {
  ServerResponse response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(body);
  return response;
}

// Go's clients show the text of an answer that bears this mark.
ServerResponse error(int status, std::string_view sentence) {
  ServerResponse response = text(status, std::string(sentence) + "\n");
  response.headers.emplace_back("X-Go-Pprof", "1");
  return response;
}

ServerResponse error(const Error& failure) {
  switch (failure.kind) {
    case ErrorKind::kBadInput: return error(400, failure.message);
    case ErrorKind::kUnavailable: return error(503, failure.message);
    default: return error(500, failure.message);
  }
}

Result<int64_t> number_in(const ServerRequest& request, std::string_view name, int64_t otherwise,
                          int64_t least, int64_t most) {
  const auto given = request.parameter(name);
  if (!given) return otherwise;
  int64_t number = 0;
  const auto [end, status] = std::from_chars(given->data(), given->data() + given->size(), number);
  if (status != std::errc() || end != given->data() + given->size() || number < least ||
      number > most) {
    return bad_input(
        name, *given,
        "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return number;
}

Result<ProfileAsk> ask_in(const ServerRequest& request, const Described& profile) {
  for (const auto& [name, value] : request.query) {
    if (name != "seconds" && name != "hz" && name != "since" && name != "debug" && name != "gc")
      return bad_input(name, value, "no parameters but seconds, hz, since, debug and gc");
  }
  const bool of_time = profile.kind == ProfileKind::kCpu || profile.kind == ProfileKind::kWall;
  const auto seconds =
      number_in(request, "seconds", of_time ? 30 : 0, of_time ? 1 : 0, kSecondsMax);
  if (!seconds) return seconds.error();
  const auto hz = number_in(request, "hz", 100, 1, kHzMax);
  if (!hz) return hz.error();
  const auto debug = number_in(request, "debug", 0, 0, 2);
  if (!debug) return debug.error();
  if (const auto given = request.parameter("hz"); given && !of_time)
    return bad_input("hz", *given, "nothing: it is for the profiles of CPU and wall time");
  if (const auto given = request.parameter("seconds");
      given && profile.kind == ProfileKind::kThreads)
    return bad_input("seconds", *given, "nothing: threads are shown as they are now");
  ProfileAsk ask;
  ask.kind = profile.kind;
  ask.form = *debug == 0 ? profile.form : ProfileForm::kText;
  ask.seconds = *seconds;
  ask.hz = static_cast<uint32_t>(*hz);
  const auto since = request.parameter("since");
  if (!since) return ask;
  if (profile.kind != ProfileKind::kCpu)
    return bad_input("since", *since, "nothing: only the CPU's time is recorded");
  for (const char* other : {"seconds", "hz"})
    if (const auto given = request.parameter(other))
      return bad_input(other, *given, "nothing beside since: what was recorded is there already");
  const auto back = since_seconds(*since);
  if (!back) return back.error();
  ask.kind = ProfileKind::kRecord;
  ask.seconds = *back;
  return ask;
}

ServerResponse attachment(const std::string& name, std::string bytes) {
  ServerResponse response;
  response.content_type = "application/octet-stream";
  response.headers.emplace_back("Content-Disposition", "attachment; filename=\"" + name + "\"");
  response.body = std::move(bytes);
  return response;
}

class Awaited final : public http::Later {
 public:
  Awaited(std::unique_ptr<PendingProfile> pending, std::string_view name, ProfileForm form)
      : pending_(std::move(pending)), name_(name), form_(form) {}
  std::optional<ServerResponse> answer() override {
    std::optional<Result<std::string>> taken = pending_->take();
    if (!taken) return {};
    if (!taken->ok()) return error(taken->error());
    if (form_ == ProfileForm::kText) return text(200, std::move(**taken));
    return attachment(name_, std::move(**taken));
  }

 private:
  const std::unique_ptr<PendingProfile> pending_;
  const std::string name_;
  const ProfileForm form_;
};

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string count_of(Profiles* profiles, ProfileKind kind) {
  if (profiles == nullptr || kind == ProfileKind::kWall) return {};
  if (kind == ProfileKind::kCpu) kind = ProfileKind::kRecord;
  return std::to_string(profiles->count(kind));
}

}  // namespace

Result<int64_t> since_seconds(std::string_view given) {
  int64_t number = 0;
  const auto [end, status] = std::from_chars(given.data(), given.data() + given.size(), number);
  const std::string_view unit(end, static_cast<size_t>(given.data() + given.size() - end));
  if (unit == "m" && number <= kSinceMax) number *= 60;
  if (status != std::errc() || (unit != "" && unit != "s" && unit != "m") || number < 1 ||
      number > kSinceMax)
    return bad_input("since", given, "a time like 90s or 10m, which is the longest");
  return number;
}

ServerResponse pprof_index(Profiles* profiles) {
  std::string body =
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>/debug/pprof/</title>"
      "</head><body><h1>/debug/pprof/</h1>\n"
      "<p>For <code>go tool pprof http://HOST:PORT/debug/pprof/NAME</code>; <code>?debug=1</code> "
      "gives text.</p>\n<table>\n<tr><th>count</th><th>profile</th><th>what</th></tr>\n";
  const auto row = [&](std::string_view name, std::string_view about, const std::string& count) {
    body.append("<tr><td>").append(count).append("</td><td><a href=\"/debug/pprof/").append(name);
    body.append("\">").append(name).append("</a></td><td>").append(about).append("</td></tr>\n");
  };
  for (const Described& each : kDescribed)
    row(each.name, each.about, count_of(profiles, each.kind));
  row("ui", "Flame graphs of all these, and their differences, here in the browser.", "");
  row("cmdline", "The service's command line.", "");
  row("symbol", "Names for addresses: <code>0x1234+0x5678</code> in the query or a POST's body.",
      "");
  body += "</table>\n";
  const auto kept = profiles != nullptr ? profiles->kept() : std::vector<Profiles::Kept>();
  if (!kept.empty()) body += "<h2>Taken by themselves</h2>\n<ul>\n";
  for (const Profiles::Kept& each : kept) {
    body.append("<li><a href=\"/debug/pprof/kept?number=").append(std::to_string(each.number));
    body.append("\">").append(each.kind).append("</a> at ").append(each.time);
    body.append(": ").append(each.reason).append("</li>\n");
  }
  body += kept.empty() ? "</body></html>\n" : "</ul></body></html>\n";
  ServerResponse response;
  response.content_type = "text/html; charset=utf-8";
  response.body = std::move(body);
  return response;
}

ServerResponse pprof_ui() {
  std::string options;
  for (const Described& each : kDescribed)
    options.append("<option>").append(each.name).append("</option>");
  return html_page(filled(web::flame_html, "profiles", options));
}

ServerResponse pprof_cmdline(Profiles* profiles) {
  if (profiles == nullptr) return error(503, "there is no process to be profiled");
  return text(200, profiles->command_line());
}

ServerResponse pprof_symbol(Profiles* profiles, const ServerRequest& request) {
  if (profiles == nullptr) return error(503, "there is no process to be profiled");
  // A query's '+' has become a blank.
  std::string_view rest = request.body;
  if (request.method != "POST")
    rest = request.query.empty() ? std::string_view() : request.query.front().first;
  ProfileAsk ask;
  ask.kind = ProfileKind::kSymbols;
  ask.form = ProfileForm::kText;
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find_first_of("+ \n"));
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
    if (word.empty()) continue;
    const std::string_view digits = word.starts_with("0x") ? word.substr(2) : word;
    uint64_t address = 0;
    const auto [end, status] =
        std::from_chars(digits.data(), digits.data() + digits.size(), address, 16);
    if (status != std::errc() || end != digits.data() + digits.size())
      return error(bad_input("address", word, "hexadecimal numbers with a + between them"));
    ask.addresses.push_back(address);
  }
  Profiles::Begun begun = profiles->begin(ask);
  if (begun.pending == nullptr) return error(409, "one at a time: there is " + begun.under_way);
  ServerResponse response;
  response.later = std::make_shared<Awaited>(std::move(begun.pending), "symbol", ask.form);
  return response;
}

ServerResponse pprof_kept(Profiles* profiles, const ServerRequest& request) {
  if (profiles == nullptr) return error(503, "there is no process to be profiled");
  const auto number = number_in(request, "number", 0, 1, INT64_MAX);
  if (!number) return error(number.error());
  auto profile = profiles->kept_profile(static_cast<uint64_t>(*number));
  if (!profile) return error(404, "no profile of this number is kept: see /debug/pprof/");
  return attachment("kept", std::move(*profile));
}

ServerResponse pprof_profile(Profiles* profiles, const ServerRequest& request) {
  if (profiles == nullptr) return error(503, "there is no process to be profiled");
  for (const Described& each : kDescribed) {
    if (each.name != last_part(request.path)) continue;
    const Result<ProfileAsk> ask = ask_in(request, each);
    if (!ask) return error(ask.error());
    Profiles::Begun begun = profiles->begin(*ask);
    if (begun.pending == nullptr) return error(409, "one at a time: there is " + begun.under_way);
    ServerResponse response;
    response.later = std::make_shared<Awaited>(std::move(begun.pending), each.name, ask->form);
    return response;
  }
  return error(404, "unknown profile");
}

}  // namespace outrigger::admin
