#include "service/http_face.h"

#include "outrigger/json.h"
#include "outrigger/version.h"
#include "service/call.h"

namespace outrigger::service {
namespace {

using internal::OperationInfo;
using internal::ParameterInfo;

std::string_view title_of(int status) {
  switch (status) {
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Internal Server Error";
  }
}

ops::ServedResponse json_answer(const Json& body) {
  return {
      .status = 200, .content_type = "application/json", .body = body.dump() + "\n", .allow = {}};
}

ops::ServedResponse problem(int status, std::string detail, const Json& more = Json::object()) {
  Json body{{"type", "about:blank"},
            {"title", title_of(status)},
            {"status", status},
            {"detail", std::move(detail)}};
  for (const Json::Member& member : *more.as_object()) body[member.name] = member.value;
  return {.status = status,
          .content_type = "application/problem+json",
          .body = body.dump() + "\n",
          .allow = {}};
}

ops::ServedResponse problem(const Error& error) {
  Json more = Json::object();
  if (!error.parameter.empty()) more["parameter"] = error.parameter;
  return problem(http_status(error.kind), error.message, more);
}

std::string_view method_of(const OperationInfo& operation) {
  return operation.read_only ? "GET" : "POST";
}

ops::ServedResponse wrong_method(std::string_view method, std::string_view path,
                                 std::string_view right) {
  ops::ServedResponse response =
      problem(405, std::string(method) + " will not do for " + std::string(path) + ": expected " +
                       std::string(right));
  response.allow = right == "GET" ? "GET, HEAD" : std::string(right);
  return response;
}

bool allowed(std::string_view method, std::string_view right) {
  return method == right || (right == "GET" && method == "HEAD");
}

Json parameter_json(const ParameterInfo& parameter) {
  return Json{{"name", parameter.name},
              {"type", parameter.type},
              {"about", parameter.help},
              {"required", parameter.arity != internal::Arity::kOptional},
              {"repeats", parameter.arity == internal::Arity::kMany}};
}

}  // namespace

int http_status(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kBadInput: return 400;
    case ErrorKind::kNotFound: return 404;
    case ErrorKind::kRefused: return 403;
    case ErrorKind::kUnavailable: return 503;
    case ErrorKind::kTimeout: return 504;
    case ErrorKind::kFailed: break;
  }
  return 500;
}

ops::ServedResponse HttpFace::answer(const ops::ServedRequest& request) const {
  if (request.path == "/") {
    return allowed(request.method, "GET") ? index() : wrong_method(request.method, "/", "GET");
  }
  const std::string_view name = request.path.substr(request.path.starts_with('/') ? 1 : 0);
  const OperationInfo* operation = find_operation(parts_.operations, name);
  if (operation == nullptr) return not_found(request.path);
  if (!allowed(request.method, method_of(*operation))) {
    return wrong_method(request.method, request.path, method_of(*operation));
  }
  if (!request.body.empty()) {
    return problem(400, operation->name +
                            " takes its parameters from the query string; the body must be empty");
  }
  const Result<internal::ParameterTexts> texts = by_name(*operation, request.query);
  if (!texts.ok()) return problem(texts.error());
  const Result<Json> result = call(*operation, *texts);
  return result.ok() ? json_answer(*result) : problem(result.error());
}

ops::ServedResponse HttpFace::index() const {
  Json operations = Json::array();
  for (const OperationInfo& operation : parts_.operations) {
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
                          {"operations", std::move(operations)}});
}

ops::ServedResponse HttpFace::not_found(std::string_view path) const {
  Json paths = Json::array({"/"});
  for (const OperationInfo& operation : parts_.operations) paths.push_back("/" + operation.name);
  return problem(404, "nothing is at " + std::string(path), Json{{"paths", std::move(paths)}});
}

}  // namespace outrigger::service
