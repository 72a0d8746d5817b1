#include "service/problem.h"

namespace outrigger::service {
namespace {

std::string_view title_of(int status) {
  switch (status) {
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 415: return "Unsupported Media Type";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Internal Server Error";
  }
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

Json problem_json(int status, std::string detail, const Json& more) {
  Json problem{{"type", "about:blank"},
               {"title", title_of(status)},
               {"status", status},
               {"detail", std::move(detail)}};
  for (const Json::Member& member : *more.as_object()) problem[member.name] = member.value;
  return problem;
}

Json problem_json(const Error& error) {
  Json more = Json::object();
  if (!error.parameter.empty()) more["parameter"] = error.parameter;
  return problem_json(http_status(error.kind), error.message, more);
}

ops::ServedResponse problem_answer(const Json& problem) {
  ops::ServedResponse response;
  response.status = static_cast<int>(problem.find("status")->as_integer().value_or(500));
  response.content_type = "application/problem+json";
  response.body = problem.dump() + "\n";
  return response;
}

}  // namespace outrigger::service
