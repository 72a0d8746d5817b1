#include "world.h"

#include <libdeflate.h>

#include <cstring>
#include <memory>

#include "http/url.h"

namespace outrigger::emulator {
namespace {

constexpr size_t kInflatedMax = 16u << 20;

constexpr std::pair<std::string_view, std::string_view> kTargets[] = {
    {"Logs_20140328", "logs"},
    {"GraniteServiceVersion20100801", "monitoring"},
    {"AmazonSSM", "ssm"},
    {"secretsmanager", "secretsmanager"},
    {"Route53AutoNaming_v20170314", "servicediscovery"}};
constexpr std::pair<std::string_view, std::string_view> kVersions[] = {
    {"2016-11-15", "ec2"},
    {"2011-01-01", "autoscaling"},
    {"2010-05-15", "cloudformation"},
    {"2011-06-15", "sts"},
    {"2010-08-01", "monitoring"}};

// None when it is no gzip, or too much.
std::optional<std::string_view> inflate(std::string_view from, BodyRoom& room) {
  struct Free {
    void operator()(libdeflate_decompressor* one) const { libdeflate_free_decompressor(one); }
  };
  thread_local const std::unique_ptr<libdeflate_decompressor, Free> decompressor(
      libdeflate_alloc_decompressor());
  // RFC 1952: the last four bytes say how many there will be.
  uint32_t stated = 0;
  if (from.size() < sizeof stated) return std::nullopt;
  memcpy(&stated, from.data() + from.size() - sizeof stated, sizeof stated);
  if (stated > kInflatedMax) return std::nullopt;
  char* const to = room.of(stated);
  size_t size = 0;
  if (libdeflate_gzip_decompress(decompressor.get(), from.data(), from.size(), to, stated, &size) !=
      LIBDEFLATE_SUCCESS)
    return std::nullopt;
  return std::string_view(to, size);
}

std::string_view copied(std::string_view from, BodyRoom& room) {
  char* const to = room.of(from.size());
  if (!from.empty()) memcpy(to, from.data(), from.size());
  return {to, from.size()};
}

std::vector<std::pair<std::string, std::string>> form_of(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> form;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    const size_t equal = pair.find('=');
    std::string name, value;
    http::percent_decode(pair.substr(0, equal), http::Plus::kSpace, name);
    if (equal != std::string_view::npos)
      http::percent_decode(pair.substr(equal + 1), http::Plus::kSpace, value);
    form.emplace_back(std::move(name), std::move(value));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
  }
  return form;
}

Answer control_json(const json::value& value) {
  Answer answer;
  answer.body = json::serialize(value) + "\n";
  return answer;
}

Answer control_error(std::string_view sentence, int status = 400) {
  Answer answer = control_json(json::object{{"error", std::string(sentence)}});
  answer.status = status;
  return answer;
}

}  // namespace

World::World(Logs::Options options) : logs_(account_, clock_, violations_, std::move(options)) {}

std::optional<Answer> World::classify(const http::ServerRequest& request, Call& call,
                                      BodyRoom& room) {
  call.http = &request;
  call.body = request.body;
  // No path, header or parameter tells S3 from the others, but for whom the request is signed.
  if (request.header("authorization").find("/s3/aws4_request") != std::string_view::npos) {
    call.protocol = Protocol::kRest;
    call.service = "s3";
    call.operation = S3::operation_of(call.method, request);
    call.text = call.body;
    return std::nullopt;
  }
  if (Machine::owns(request.path)) {
    call.service = Machine::service_of(request.path);
    call.operation = request.path;
    return std::nullopt;
  }
  const std::string_view coding = request.header("content-encoding");
  std::optional<std::string_view> text;
  if (coding.empty()) text = copied(call.body, room);
  else if (coding == "gzip") text = inflate(call.body, room);
  if (!text) {
    violations_.note("gzip",
                     "Content-Encoding " + std::string(coding) + ", and the body is not so");
    return refuse(call, "SerializationException", "the body cannot be inflated");
  }
  call.text = *text;
  call.was_gzip = !coding.empty();
  const std::string_view target = request.header("x-amz-target");
  if (target.empty()) return classify_form(call, call.text);
  call.protocol = Protocol::kJson;
  const size_t dot = target.find('.');
  call.operation = target.substr(std::min(target.size(), dot + 1));
  for (const auto& [prefix, service] : kTargets) {
    if (target.substr(0, dot) == prefix) call.service = service;
  }
  const std::string_view type = request.header("content-type");
  if (call.service.empty() || request.method != "POST" || request.path != "/" ||
      !type.starts_with("application/x-amz-json-1.")) {
    violations_.note("request", std::string(request.method) + " " + std::string(request.path) +
                                    ", X-Amz-Target " + std::string(target) + ", Content-Type " +
                                    std::string(type));
    return refuse(call, "UnknownOperationException", "X-Amz-Target, path or Content-Type is wrong");
  }
  return std::nullopt;
}

std::optional<Answer> World::classify_form(Call& call, std::string_view text) {
  call.protocol = Protocol::kQuery;
  call.form = text.empty() ? call.http->query : form_of(text);
  call.operation = call.field("Action");
  for (const auto& [version, service] : kVersions) {
    if (call.field("Version") == version) call.service = service;
  }
  if (call.service == "ec2") call.protocol = Protocol::kEc2Query;
  if (!call.service.empty() && !call.operation.empty()) return std::nullopt;
  violations_.note("request", std::string(call.http->method) + " " + std::string(call.http->path) +
                                  " with neither X-Amz-Target nor Action and Version");
  return refuse(call, "MissingAction",
                "neither X-Amz-Target nor Action and Version say what is meant");
}

Answer World::answer(const Call& call) {
  Answer answer;
  const bool is_unsigned =
      call.protocol == Protocol::kPlain || call.operation == "AssumeRoleWithWebIdentity";
  std::optional<Answer> refused;
  if (!is_unsigned) refused = identity_.verify(call);
  if (refused) {
    answer = std::move(*refused);
  } else if (account_.denies(call.service, call.operation)) {
    const bool is_json = call.protocol == Protocol::kJson;
    answer = refuse(call,
                    is_json                                ? "AccessDeniedException"
                    : call.protocol == Protocol::kEc2Query ? "UnauthorizedOperation"
                                                           : "AccessDenied",
                    "User: " + account_.text({"instance", "role"}) +
                        " is not authorized to perform: " + call.service + ":" + call.operation,
                    is_json ? 400 : 403);
  } else if (call.service == "logs") {
    answer = logs_.answer(call);
  } else if (call.service == "monitoring") {
    answer = metrics_.answer(call);
  } else if (call.service == "s3") {
    answer = s3_.answer(call);
  } else if (call.service == "cloudformation") {
    answer = stacks_.answer(call);
  } else if (call.protocol == Protocol::kPlain) {
    answer = machine_.answer(call);
  } else {
    answer = directory_.answer(call);
  }
  count(call, answer.status);
  if (call.protocol != Protocol::kPlain)
    answer.headers.emplace_back("x-amzn-RequestId", random_hex(32));
  return answer;
}

void World::count(const Call& call, int status) {
  const std::lock_guard lock(mutex_);
  ++calls_[call.service + " " + call.operation][status];
}

json::object World::report() const {
  json::object calls;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, statuses] : calls_) {
      json::object by_status;
      for (const auto& [status, count] : statuses) by_status[std::to_string(status)] = count;
      calls[name] = std::move(by_status);
    }
  }
  return {{"violations", violations_.report()},
          {"calls", std::move(calls)},
          {"faults", faults_.report()},
          {"logs", logs_.report()},
          {"metrics", metrics_.report()},
          {"s3", s3_.report()},
          {"signals", stacks_.signals()},
          {"stack_updates", stacks_.updates()},
          {"imds", machine_.report()},
          {"credentials_issued", identity_.issued()},
          {"clock_offset_ms", clock_.offset_ms()}};
}

Answer World::control(const http::ServerRequest& request) {
  const std::string what = std::string(request.method) + " " +
                           std::string(request.path.substr(std::string_view("/_emulator").size()));
  json::value body;
  if (!request.body.empty()) {
    json::error_code error;
    body = json::parse({request.body.data(), request.body.size()}, error);
    if (error) return control_error("the body is no JSON: " + error.message());
  }
  if (what == "GET /report") return control_json(report());
  if (what == "GET /messages") {
    Answer answer;
    answer.content_type = "application/x-ndjson";
    answer.body = logs_.messages(request.parameter("group").value_or(""),
                                 request.parameter("stream").value_or(""));
    return answer;
  }
  if (what == "GET /secrets") return control_json({{"secrets", identity_.secrets()}});
  if (what == "GET /account") return control_json(account_.get());
  if (what == "PUT /account") {
    if (!body.is_object()) return control_error("the account is a JSON object");
    account_.merge(body.get_object());
    return control_json(account_.get());
  }
  if (what == "GET /faults") return control_json(faults_.report());
  if (what == "PUT /faults" || what == "POST /faults") {
    const auto armed =
        faults_.arm(body, request.method == "PUT" ? Faults::How::kReplace : Faults::How::kAdd);
    return armed ? control_json(faults_.report()) : control_error(armed.error().message);
  }
  if (what == "DELETE /faults") {
    (void)faults_.arm(json::array{}, Faults::How::kReplace);
    return control_json(json::array{});
  }
  if (what == "PUT /clock") {
    const auto number = [&](std::string_view name) {
      const json::value* const value =
          body.is_object() ? body.get_object().if_contains(name) : nullptr;
      return value != nullptr && value->is_int64() ? std::optional(value->get_int64())
                                                   : std::nullopt;
    };
    const std::optional<int64_t> offset_ms = number("offset_ms"), stop_at_ms = number("stop_at_ms");
    if (offset_ms.has_value() == (stop_at_ms.value_or(0) > 0))
      return control_error(
          "expected {\"offset_ms\": a whole number}, or {\"stop_at_ms\": milliseconds since 1970}");
    if (offset_ms) clock_.set_offset_ms(*offset_ms);
    else clock_.stop_at_ms(*stop_at_ms);
    return control_json(json::object{{"now_ms", clock_.now_ms()}});
  }
  if (what == "POST /expire-credentials") {
    identity_.expire_all();
    return control_json(json::object{{"issued", identity_.issued()}});
  }
  if (what == "POST /clear") {
    violations_.clear();
    logs_.clear();
    metrics_.clear();
    const std::lock_guard lock(mutex_);
    calls_.clear();
    return control_json(json::object{});
  }
  return control_error(
      "there are GET /_emulator/report, GET /_emulator/messages?group=&stream=, GET and PUT "
      "/_emulator/account, GET, PUT, POST and DELETE /_emulator/faults, PUT /_emulator/clock, POST "
      "/_emulator/expire-credentials, POST /_emulator/clear",
      404);
}

}  // namespace outrigger::emulator
