#include "service/http_face.h"

#include <algorithm>
#include <charconv>
#include <memory>

#include "outrigger/json.h"
#include "outrigger/version.h"
#include "service/call.h"
#include "service/openapi.h"
#include "service/operation_meters.h"
#include "service/problem.h"

namespace outrigger::service {
namespace {

using internal::Answers;
using internal::OperationInfo;
using internal::ParameterInfo;
using internal::ParameterTexts;

constexpr std::string_view kOpenapiPath = "/openapi.json";
constexpr std::chrono::seconds kWaitMax = std::chrono::hours(24);

ops::ServedResponse json_answer(const Json& body) {
  ops::ServedResponse response;
  response.body = body.dump();
  response.body += '\n';
  return response;
}

std::string_view method_of(const OperationInfo& operation) {
  return operation.read_only ? "GET" : "POST";
}

bool allowed(std::string_view method, std::string_view right) {
  return method == right || (right == "GET" && method == "HEAD");
}

ops::ServedResponse wrong_method(std::string_view method, std::string_view path,
                                 std::string_view right) {
  ops::ServedResponse response =
      problem_answer(problem_json(405, std::string(method) + " will not do for " +
                                           std::string(path) + ": expected " + std::string(right)));
  response.headers.emplace_back("Allow", right == "GET" ? "GET, HEAD" : std::string(right));
  return response;
}

Json parameter_json(const ParameterInfo& parameter) {
  Json json{{"name", parameter.name},
            {"type", parameter.type},
            {"about", parameter.help},
            {"required", !parameter.may_be_left_out()},
            {"repeats", parameter.arity == internal::Arity::kMany}};
  if (parameter.otherwise) json["default"] = *parameter.otherwise;
  return json;
}

// A command alone, unless it is one that asks this very service.
bool is_there(const OperationInfo& operation, ops::Asker asker) {
  return !operation.cli_only || (operation.live && asker == ops::Asker::kCommand);
}

// "application/json; charset=utf-8", "application/vnd.orders+json"
bool is_json(std::string_view content_type) {
  std::string type(content_type.substr(0, content_type.find(';')));
  while (type.ends_with(' ')) type.pop_back();
  for (char& c : type) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return type == "application/json" ||
         (type.starts_with("application/") && type.ends_with("+json"));
}

// RFC 7240, `Prefer: wait=10`: so many seconds does the client wait. What is not understood is not
// there, as that RFC wants it.
Deadline wanted_by_client(std::string_view prefer) {
  for (size_t at = 0; (at = prefer.find("wait=", at)) != std::string_view::npos; at += 5) {
    const bool begins = at == 0 || prefer[at - 1] == ' ' || prefer[at - 1] == ',';
    unsigned seconds = 0;
    const auto [end, error] =
        std::from_chars(prefer.data() + at + 5, prefer.data() + prefer.size(), seconds);
    if (begins && error == std::errc() && std::chrono::seconds(seconds) <= kWaitMax)
      return std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  }
  return Deadline::max();
}

Deadline deadline_of(const OperationInfo& operation, const ops::ServedRequest& request) {
  const std::string_view prefer = request.header("Prefer");
  Deadline deadline = prefer.empty() ? Deadline::max() : wanted_by_client(prefer);
  if (operation.within.count() > 0)
    deadline = std::min(deadline, std::chrono::steady_clock::now() + operation.within);
  return deadline;
}

class HttpCaller final : public internal::Caller {
 public:
  HttpCaller(const ops::ServedRequest& request, Deadline deadline, const ops::Send* send)
      : request_(request), deadline_(deadline), send_(send) {}

  std::stop_token token() const override { return request_.token; }
  Deadline deadline() const override { return deadline_; }
  std::string_view header(std::string_view name) const override { return request_.header(name); }
  bool write(const Json& line) override {
    wrote_ = true;
    return send_ != nullptr && (*send_)(line.dump() + "\n");
  }
  bool wrote() const { return wrote_; }

 private:
  const ops::ServedRequest& request_;
  const Deadline deadline_;
  const ops::Send* const send_;
  bool wrote_ = false;
};

// What a stream needs of its request, which is over when it begins.
struct StreamedRequest {
  StreamedRequest(const ops::ServedRequest& from, ParameterTexts given, Deadline until)
      : texts(std::move(given)), deadline(until), token(from.token) {
    for (const auto& [name, value] : from.headers) kept.emplace_back(name, value);
    for (const auto& [name, value] : kept) headers.emplace_back(name, value);
  }
  StreamedRequest(const StreamedRequest&) = delete;
  StreamedRequest& operator=(const StreamedRequest&) = delete;

  const ParameterTexts texts;
  const Deadline deadline;
  const std::stop_token token;
  ops::Parameters kept;
  ops::Headers headers;
};

ops::ServedResponse run_stream(const OperationInfo& operation, const StreamedRequest& from,
                               const ops::Send& send) {
  const ops::Parameters no_query;
  const std::function<void(Deadline)> no_limit;
  const ops::ServedRequest request{.method = {},
                                   .path = {},
                                   .query = no_query,
                                   .headers = from.headers,
                                   .body = {},
                                   .address = {},
                                   .token = from.token,
                                   .limit = no_limit};
  HttpCaller caller(request, from.deadline, &send);
  const Metered metered(operation);
  const Result<Json> done = call(operation, caller, from.texts);
  metered.done(done.ok() ? 200 : http_status(done.error().kind));
  if (done.ok()) {
    ops::ServedResponse end;
    end.content_type = "application/x-ndjson";
    return end;
  }
  const Json problem = problem_json(done.error());
  ops::ServedResponse end = problem_answer(problem);
  if (caller.wrote()) end.body = Json{{"problem", problem}}.dump() + "\n";
  return end;
}

}  // namespace

ops::ServedResponse HttpFace::answer(const ops::ServedRequest& request) const {
  if (request.path == "/" || request.path == kOpenapiPath) {
    if (!allowed(request.method, "GET")) return wrong_method(request.method, request.path, "GET");
    return request.path == "/" ? index() : json_answer(openapi(parts_));
  }
  const std::string_view name = request.path.substr(request.path.starts_with('/') ? 1 : 0);
  const OperationInfo* operation = find_operation(parts_.operations, name);
  if (operation == nullptr || !is_there(*operation, request.asker)) return not_found(request.path);
  if (!allowed(request.method, method_of(*operation))) {
    return wrong_method(request.method, request.path, method_of(*operation));
  }
  if (operation->restricted && request.asker == ops::Asker::kStranger) {
    return problem_answer(problem_json(
        403,
        operation->name +
            " is restricted: ask on the machine itself, as the service's user or root, through "
            "its Unix socket"));
  }
  const Metered metered(*operation);
  ops::ServedResponse response = answer_with(*operation, request);
  if (!response.stream) metered.done(response.status);
  return response;
}

ops::ServedResponse HttpFace::answer_with(const OperationInfo& operation,
                                          const ops::ServedRequest& request) const {
  Json body;
  if (!request.body.empty()) {
    if (operation.read_only) {
      return problem_answer(problem_json(
          400,
          operation.name + " takes its parameters from the query string; the body must be empty"));
    }
    const std::string_view type = request.header("Content-Type");
    if (!is_json(type)) {
      return problem_answer(problem_json(
          415, "the body is of the type \"" + std::string(type) + "\"; expected application/json"));
    }
    Result<Json> parsed = Json::parse(request.body);
    if (!parsed.ok()) return problem_answer(problem_json(parsed.error()));
    body = std::move(*parsed);
    if (!body.is_object() && !body.is_null()) {
      return problem_answer(
          problem_json(400, "the body must be an object, its members the parameters"));
    }
  }
  Result<ParameterTexts> texts = by_name(operation, request.query, body);
  if (!texts.ok()) return problem_answer(problem_json(texts.error()));
  const Deadline deadline = deadline_of(operation, request);
  if (deadline != Deadline::max()) request.limit(deadline);
  if (operation.answers == Answers::kInLines) {
    ops::ServedResponse response;
    response.content_type = "application/x-ndjson";
    const auto from = std::make_shared<StreamedRequest>(request, std::move(*texts), deadline);
    response.stream = [&operation, from](const ops::Send& send) {
      return run_stream(operation, *from, send);
    };
    return response;
  }
  HttpCaller caller(request, deadline, nullptr);
  const Result<Json> result = call(operation, caller, *texts);
  return result.ok() ? json_answer(*result) : problem_answer(problem_json(result.error()));
}

ops::ServedResponse HttpFace::index() const {
  Json operations = Json::array();
  for (const OperationInfo& operation : parts_.operations) {
    if (operation.cli_only) continue;
    Json parameters = Json::array();
    for (const ParameterInfo& parameter : operation.parameters)
      parameters.push_back(parameter_json(parameter));
    operations.push_back(Json{{"path", "/" + operation.name},
                              {"method", method_of(operation)},
                              {"about", operation.about},
                              {"parameters", std::move(parameters)}});
  }
  return json_answer(Json{{"service", parts_.options.name},
                          {"about", parts_.options.about},
                          {"version", version()},
                          {"openapi", kOpenapiPath},
                          {"operations", std::move(operations)}});
}

ops::ServedResponse HttpFace::not_found(std::string_view path) const {
  Json paths = Json::array({"/", kOpenapiPath});
  for (const OperationInfo& operation : parts_.operations) {
    if (!operation.cli_only) paths.push_back("/" + operation.name);
  }
  return problem_answer(
      problem_json(404, "nothing is at " + std::string(path), Json{{"paths", std::move(paths)}}));
}

}  // namespace outrigger::service
