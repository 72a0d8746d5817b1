#include "aws/failure.h"

#include <algorithm>
#include <optional>

#include "aws/json_value.h"
#include "aws/xml.h"
#include "http/message.h"

namespace outrigger::aws {
namespace {

// Of what a server says; a page of HTML from something in between is no message.
constexpr size_t kMessageBytesMax = 300;
constexpr size_t kCodeBytesMax = 100;

// As the SDKs have them (botocore, data/_retry.json and retries/standard.py).
constexpr std::string_view kThrottling[] = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottledException",
    "RequestThrottled",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "TransactionInProgressException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "SlowDown",
    "PriorRequestNotComplete",
    "EC2ThrottledException",
};
constexpr std::string_view kTransient[] = {
    "RequestTimeout",
    "RequestTimeoutException",
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "Unavailable",
    "IDPCommunicationError",
};
constexpr std::string_view kExpired[] = {
    "ExpiredToken",         "ExpiredTokenException",
    "RequestExpired",       "UnrecognizedClientException",
    "InvalidClientTokenId",
};
// What a wrong clock looks like, among other things; the Date of the answer tells (skew.h).
constexpr std::string_view kSkewed[] = {
    "RequestTimeTooSkewed",  "InvalidSignatureException",
    "SignatureDoesNotMatch", "RequestInTheFuture",
    "AuthFailure",           "InvalidSignature",
};
constexpr std::string_view kDenied[] = {
    "AccessDenied",       "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized",
    "AuthorizationError", "UnauthorizedAccess",    "OptInRequired",
};

template <size_t kCount>
bool is_in(const std::string_view (&codes)[kCount], std::string_view code) {
  return std::find(std::begin(codes), std::end(codes), code) != std::end(codes);
}

FailureKind kind_of(int status, std::string_view code) {
  // LimitExceededException of CloudWatch Logs is a quota of things, but waiting may help there too.
  if (is_in(kThrottling, code) || status == 429) return FailureKind::kThrottled;
  if (is_in(kTransient, code)) return FailureKind::kTransient;
  if (is_in(kExpired, code)) return FailureKind::kExpired;
  if (is_in(kSkewed, code)) return FailureKind::kSkewed;
  if (is_in(kDenied, code)) return FailureKind::kDenied;
  if (status == 500 || status == 502 || status == 503 || status == 504)
    return FailureKind::kTransient;
  if (code.empty() && status == 403) return FailureKind::kDenied;
  return FailureKind::kRejected;
}

std::string cut(std::string_view text, size_t bytes_max) {
  std::string kept(text.substr(0, bytes_max));
  std::replace_if(
      kept.begin(), kept.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return kept;
}

// "com.amazonaws.logs#ResourceNotFoundException:http://..." is "ResourceNotFoundException".
std::string_view plain_code(std::string_view code) {
  code = code.substr(0, code.find(':'));
  const size_t hash = code.rfind('#');
  return hash == std::string_view::npos ? code : code.substr(hash + 1);
}

std::string first_in(const boost::json::object& object, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (std::string text = text_in(object, name); !text.empty()) return text;
  }
  return {};
}

void read_json(const std::string& body, Failure& failure) {
  const auto object = json_object(body);
  if (!object) return;
  if (failure.code.empty())
    failure.code = plain_code(first_in(*object, {"__type", "code", "Code"}));
  failure.message = first_in(*object, {"message", "Message", "errorMessage"});
}

// <ErrorResponse><Error>, EC2's <Response><Errors><Error>, S3's <Error>.
void read_xml(const std::string& body, Failure& failure) {
  const std::optional<Xml> xml = Xml::parse(body);
  if (!xml) return;
  for (const char* path : {"Error", "Errors/Error", ""}) {
    const Xml::Node error = xml->root().at(path);
    if (error.text("Code").empty()) continue;
    failure.code = error.text("Code");
    failure.message = error.text("Message");
    return;
  }
}

}  // namespace

std::string_view header_of(const http::Response& response, std::string_view name) {
  for (const auto& [each, value] : response.headers) {
    if (http::same_token(each, name)) return value;
  }
  return {};
}

Failure failure_of(const http::Response& response) {
  Failure failure;
  failure.status = response.status;
  failure.code = plain_code(header_of(response, "x-amzn-ErrorType"));
  const size_t first = response.body.find_first_not_of(" \t\r\n");
  if (first != std::string::npos) {
    if (response.body[first] == '{') read_json(response.body, failure);
    if (response.body[first] == '<') read_xml(response.body, failure);
  }
  failure.code = cut(failure.code, kCodeBytesMax);
  failure.message = cut(failure.message, kMessageBytesMax);
  failure.kind = kind_of(response.status, failure.code);
  const std::string name =
      failure.code.empty() ? "HTTP " + std::to_string(failure.status) : failure.code;
  failure.message = failure.message.empty() ? name : name + ": " + failure.message;
  return failure;
}

Failure not_understood(std::string_view what) {
  return {FailureKind::kTransient,
          200,
          {},
          "the answer to " + std::string(what) + " cannot be understood",
          true};
}

}  // namespace outrigger::aws
