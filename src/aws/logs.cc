#include "aws/logs.h"

#include <algorithm>

#include "aws/json_call.h"
#include "aws/json_value.h"
#include "http/message.h"

namespace outrigger::aws::logs {
namespace {

namespace json = boost::json;

constexpr std::string_view kPutLogEvents = "Logs_20140328.PutLogEvents";
constexpr std::string_view kCreateLogGroup = "Logs_20140328.CreateLogGroup";
constexpr std::string_view kCreateLogStream = "Logs_20140328.CreateLogStream";
constexpr std::string_view kPutRetentionPolicy = "Logs_20140328.PutRetentionPolicy";
constexpr std::string_view kDescribeLogStreams = "Logs_20140328.DescribeLogStreams";
constexpr std::string_view kAlreadyExists = "ResourceAlreadyExistsException";
constexpr int kPageMax = 50;  // of DescribeLogStreams

Outcome<Done> ask(Client& client, std::string_view target, const json::object& input,
                  const http::Cancel* cancel) {
  const std::string body = json::serialize(input);
  const auto answer = client.call(json_call(Service::kLogs, target, body), cancel);
  if (!answer && !answer.failure().is(kAlreadyExists)) return answer.failure();
  return Done{};
}

}  // namespace

void begin_body(std::string_view group, std::string_view stream, std::string& body) {
  body += R"({"logGroupName":)";
  http::append_json_string(group, body);
  body += R"(,"logStreamName":)";
  http::append_json_string(stream, body);
  body += R"(,"logEvents":[)";
}

void append_event(int64_t unix_ms, std::string_view message, std::string& body) {
  if (body.back() != '[') body += ',';
  body += R"({"timestamp":)";
  body += std::to_string(unix_ms);
  body += R"(,"message":)";
  http::append_json_string(message, body);
  body += '}';
}

void end_body(std::string& body) { body += "]}"; }

Outcome<Rejected> put_log_events(Client& client, std::string_view body, const PutOptions& options,
                                 const http::Cancel* cancel) {
  Call call = json_call(Service::kLogs, kPutLogEvents, body);
  if (options.encoding == Encoding::kGzip) call.headers.emplace_back("Content-Encoding", "gzip");
  call.timeout = options.timeout;
  call.attempts = options.attempts;
  const auto answer = client.call(call, cancel);
  if (!answer) return answer.failure();
  Rejected rejected;
  if (answer->body.empty()) return rejected;
  const auto object = json_object(answer->body);
  if (!object) return not_understood("PutLogEvents");
  const json::object* info = object_in(*object, "rejectedLogEventsInfo");
  if (info == nullptr) return rejected;
  rejected.too_new_start = number_in(*info, "tooNewLogEventStartIndex");
  rejected.too_old_end = number_in(*info, "tooOldLogEventEndIndex");
  rejected.expired_end = number_in(*info, "expiredLogEventEndIndex");
  return rejected;
}

Outcome<Done> create_log_group(Client& client, std::string_view group, const http::Cancel* cancel) {
  return ask(client, kCreateLogGroup, {{"logGroupName", json_view(group)}}, cancel);
}

Outcome<Done> create_log_stream(Client& client, std::string_view group, std::string_view stream,
                                const http::Cancel* cancel) {
  return ask(client, kCreateLogStream,
             {{"logGroupName", json_view(group)}, {"logStreamName", json_view(stream)}}, cancel);
}

Outcome<Done> put_retention_policy(Client& client, std::string_view group, int days,
                                   const http::Cancel* cancel) {
  return ask(client, kPutRetentionPolicy,
             {{"logGroupName", json_view(group)}, {"retentionInDays", days}}, cancel);
}

Outcome<std::vector<LogStream>> describe_log_streams(Client& client, std::string_view group,
                                                     std::string_view prefix, size_t count_max,
                                                     const http::Cancel* cancel) {
  std::vector<LogStream> streams;
  std::string next;
  do {
    json::object input = {
        {"logGroupName", json_view(group)},
        {"limit", std::min<int64_t>(kPageMax, static_cast<int64_t>(count_max - streams.size()))}};
    if (!prefix.empty()) input["logStreamNamePrefix"] = json_view(prefix);
    if (!next.empty()) input["nextToken"] = json_view(next);
    const std::string body = json::serialize(input);
    const auto answer = client.call(json_call(Service::kLogs, kDescribeLogStreams, body), cancel);
    if (!answer) return answer.failure();
    const auto object = json_object(answer->body);
    const json::array* list = object ? array_in(*object, "logStreams") : nullptr;
    if (list == nullptr) return not_understood("DescribeLogStreams");
    for (const json::value& each : *list) {
      if (!each.is_object() || streams.size() == count_max) continue;
      const json::object& stream = each.get_object();
      streams.push_back({text_in(stream, "logStreamName"),
                         number_in(stream, "creationTime").value_or(0),
                         number_in(stream, "lastEventTimestamp").value_or(0)});
    }
    std::string following = text_in(*object, "nextToken");
    if (following == next) break;  // a server that never ends
    next = std::move(following);
  } while (!next.empty() && streams.size() < count_max);
  return streams;
}

}  // namespace outrigger::aws::logs
