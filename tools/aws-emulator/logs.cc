#include "logs.h"

#include <algorithm>

namespace outrigger::emulator {
namespace {

constexpr int64_t kRetentions[] = {1,   3,   5,   7,   14,   30,   60,   90,   120,  150,  180,
                                   365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653};
constexpr size_t kNameMax = 512;

std::string text_in(const json::object& in, std::string_view name) {
  const json::value* const value = in.if_contains({name.data(), name.size()});
  return value != nullptr && value->is_string() ? std::string(value->get_string().c_str())
                                                : std::string();
}
int64_t number_in(const json::object& in, std::string_view name, int64_t otherwise) {
  const json::value* const value = in.if_contains({name.data(), name.size()});
  return value != nullptr && value->is_int64() ? value->get_int64() : otherwise;
}

bool is_group_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameMax &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return isalnum(c) || c == '_' || c == '-' || c == '/' || c == '.' || c == '#';
         });
}
bool is_stream_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameMax &&
         name.find_first_of(":*") == std::string_view::npos;
}

Answer nothing() {
  Answer answer = json_answer(json::object{});
  answer.body.clear();
  return answer;
}

Answer no_group(const Call& call) {
  return refuse(call, "ResourceNotFoundException", "The specified log group does not exist.");
}

}  // namespace

Logs::Logs(Account& account, Clock& clock, Violations& violations, Options options)
    : account_(account), clock_(clock), violations_(violations), options_(std::move(options)) {}

Answer Logs::invalid(const Call& call, std::string_view rule, std::string message) {
  violations_.note(rule, "logs " + call.operation + ": " + message);
  return refuse(call, "InvalidParameterException", message);
}

Answer Logs::answer(const Call& call) {
  if (call.operation == "PutLogEvents") return put_log_events(call);
  json::error_code error;
  const std::string_view content = call.text;
  const json::value parsed = json::parse({content.data(), content.size()}, error);
  if (error || !parsed.is_object()) {
    violations_.note("json", "logs " + call.operation);
    return refuse(call, "SerializationException", "the body is no JSON object");
  }
  const json::object& in = parsed.get_object();
  using Handler = Answer (Logs::*)(const Call&, const json::object&);
  constexpr std::pair<std::string_view, Handler> kHandlers[] = {
      {"CreateLogGroup", &Logs::create_group},
      {"CreateLogStream", &Logs::create_stream},
      {"PutRetentionPolicy", &Logs::put_retention},
      {"DescribeLogGroups", &Logs::describe_groups},
      {"DescribeLogStreams", &Logs::describe_streams},
      {"GetLogEvents", &Logs::get_events},
      {"FilterLogEvents", &Logs::filter_events},
      {"PutMetricFilter", &Logs::put_filter},
      {"TestMetricFilter", &Logs::test_filter},
      {"DescribeMetricFilters", &Logs::describe_filters}};
  for (const auto& [name, handler] : kHandlers) {
    if (call.operation == name) return (this->*handler)(call, in);
  }
  violations_.note("operation", "logs " + call.operation);
  return refuse(call, "UnknownOperationException", "the emulator does not know " + call.operation);
}

// --- PutLogEvents ------------------------------------------------------------------------------

Answer Logs::put_log_events(const Call& call) {
  if (!put_quota_.take()) return refuse(call, "ThrottlingException", "Rate exceeded");
  // Its memory is kept: a connection's thread takes one batch after another.
  thread_local Batch batch;
  batch.clear();
  auto refused = parse(call, batch);
  if (!refused) refused = judge(call, batch);
  if (refused) {
    const std::lock_guard lock(mutex_);
    ++counts_.failed_puts;
    return std::move(*refused);
  }
  return take(call, batch);
}

std::optional<Answer> Logs::parse(const Call& call, Batch& batch) {
  PutLogEventsReader reader(call.text);
  const std::string problem =
      reader.read(batch.group, batch.stream, [&](int64_t timestamp_ms, const EventText& message) {
        batch.events.push_back({timestamp_ms, message});
        batch.bytes += message.size + kEventOverheadBytes;
      });
  if (problem.empty()) return std::nullopt;
  violations_.note("json", "logs PutLogEvents: " + problem);
  return refuse(call, "SerializationException", problem);
}

std::optional<Answer> Logs::judge(const Call& call, const Batch& batch) {
  if (!is_group_name(batch.group)) return invalid(call, "name", "logGroupName: " + batch.group);
  if (!is_stream_name(batch.stream)) return invalid(call, "name", "logStreamName: " + batch.stream);
  if (batch.events.empty()) return invalid(call, "no_events", "logEvents has no member");
  if (batch.events.size() > kBatchEventsMax)
    return invalid(call, "batch_events",
                   std::to_string(batch.events.size()) + " events, " +
                       std::to_string(kBatchEventsMax) + " are allowed");
  if (batch.bytes > kBatchBytesMax)
    return invalid(call, "batch_bytes",
                   "Upload too large: " + std::to_string(batch.bytes) + " bytes exceeds limit of " +
                       std::to_string(kBatchBytesMax));
  int64_t before = INT64_MIN;
  for (const Incoming& event : batch.events) {
    if (event.message.size == 0) return invalid(call, "event_empty", "a message has no byte");
    if (event.message.size > kEventBytesMax)
      return invalid(
          call, "event_bytes",
          "Log event too large: " + std::to_string(event.message.size + kEventOverheadBytes) +
              " bytes exceeds limit of " + std::to_string(kBatchBytesMax));
    if (event.timestamp_ms < 0) return invalid(call, "timestamp", "a timestamp before 1970");
    if (event.timestamp_ms < before)
      return invalid(call, "order",
                     "Log events in a single PutLogEvents request must be in chronological order.");
    before = event.timestamp_ms;
  }
  return std::nullopt;
}

// Precondition: the batch was judged good. What is too new, too old or expired is left out and told
// by index; the span counts for the others.
Answer Logs::take(const Call& call, const Batch& batch) {
  const int64_t now_ms = clock_.now_ms();
  const std::lock_guard lock(mutex_);
  const auto group = groups_.find(batch.group);
  if (group == groups_.end()) return no_group(call);
  const auto stream = group->second.streams.find(batch.stream);
  if (stream == group->second.streams.end())
    return refuse(call, "ResourceNotFoundException", "The specified log stream does not exist.");

  const auto index_of_first = [&](int64_t from_ms) {
    return static_cast<size_t>(
        std::partition_point(batch.events.begin(), batch.events.end(),
                             [&](const Incoming& event) { return event.timestamp_ms < from_ms; }) -
        batch.events.begin());
  };
  const int64_t kept_ms = group->second.retention_days * 24 * 3600 * 1000;
  const size_t old_end = index_of_first(now_ms - kTooOldMs);
  const size_t expired_end =
      kept_ms == 0 || kept_ms >= kTooOldMs ? 0 : index_of_first(now_ms - kept_ms);
  const size_t begin = std::max(old_end, expired_end);
  const size_t end = std::max(begin, index_of_first(now_ms + kTooNewMs + 1));
  if (begin < end &&
      batch.events[end - 1].timestamp_ms - batch.events[begin].timestamp_ms > kSpanMsMax) {
    ++counts_.failed_puts;
    return invalid(call, "span",
                   "The batch of log events in a single PutLogEvents request cannot span more than "
                   "24 hours.");
  }

  ++counts_.puts;
  if (call.was_gzip) ++counts_.gzip_puts;
  counts_.wire_bytes += call.body.size();
  counts_.batch_bytes += batch.bytes;
  if (batch.bytes >= kBatchBytesMax / 100 * 95 || batch.events.size() >= kBatchEventsMax / 100 * 95)
    ++counts_.full_puts;
  counts_.too_new += batch.events.size() - end;
  counts_.too_old += old_end;
  counts_.expired += begin - old_end;
  counts_.taken += end - begin;
  stream->second.taken += end - begin;
  for (size_t i = begin; i < end; ++i) {
    const EventText& message = batch.events[i].message;
    counts_.message_bytes += message.size;
    keys_.note(message.bytes, message.is_escaped);
    const bool has_room = counts_.kept_bytes + message.size <= options_.keep_bytes_max;
    if (group->second.filters.empty() && !has_room) {
      ++counts_.not_kept;
      continue;
    }
    std::string text = message.plain();
    for (Filter& filter : group->second.filters) {
      if (filter.pattern.matches(text)) ++filter.matched;
    }
    const bool wanted =
        options_.keep_matching.empty() || text.find(options_.keep_matching) != std::string::npos;
    if (wanted && has_room) {
      counts_.kept_bytes += text.size();
      stream->second.events.push_back({batch.events[i].timestamp_ms, std::move(text)});
    } else {
      ++counts_.not_kept;
    }
  }
  json::object out{{"nextSequenceToken", "49" + std::to_string(counts_.puts)}};
  if (begin != 0 || end != batch.events.size()) {
    json::object rejected;
    if (old_end != 0) rejected["tooOldLogEventEndIndex"] = old_end;
    if (expired_end != 0) rejected["expiredLogEventEndIndex"] = expired_end;
    if (end != batch.events.size()) rejected["tooNewLogEventStartIndex"] = end;
    out["rejectedLogEventsInfo"] = std::move(rejected);
  }
  return json_answer(out);
}

// --- Groups and streams ------------------------------------------------------------------------

Answer Logs::create_group(const Call& call, const json::object& in) {
  if (!group_quota_.take()) return refuse(call, "ThrottlingException", "Rate exceeded");
  const std::string name = text_in(in, "logGroupName");
  if (!is_group_name(name)) return invalid(call, "name", "logGroupName: " + name);
  const std::lock_guard lock(mutex_);
  const auto [at, is_new] = groups_.try_emplace(name);
  if (!is_new)
    return refuse(call, "ResourceAlreadyExistsException", "The specified log group already exists");
  at->second.created_ms = clock_.now_ms();
  return nothing();
}

Answer Logs::create_stream(const Call& call, const json::object& in) {
  if (!stream_quota_.take()) return refuse(call, "ThrottlingException", "Rate exceeded");
  const std::string name = text_in(in, "logStreamName");
  if (!is_stream_name(name)) return invalid(call, "name", "logStreamName: " + name);
  const std::lock_guard lock(mutex_);
  const auto group = groups_.find(text_in(in, "logGroupName"));
  if (group == groups_.end()) return no_group(call);
  const auto [at, is_new] = group->second.streams.try_emplace(name);
  if (!is_new)
    return refuse(call, "ResourceAlreadyExistsException",
                  "The specified log stream already exists");
  at->second.created_ms = clock_.now_ms();
  return nothing();
}

Answer Logs::put_retention(const Call& call, const json::object& in) {
  if (!retention_quota_.take()) return refuse(call, "ThrottlingException", "Rate exceeded");
  const int64_t days = number_in(in, "retentionInDays", 0);
  if (std::find(std::begin(kRetentions), std::end(kRetentions), days) == std::end(kRetentions))
    return invalid(call, "retention", "retentionInDays: " + std::to_string(days));
  const std::lock_guard lock(mutex_);
  const auto group = groups_.find(text_in(in, "logGroupName"));
  if (group == groups_.end()) return no_group(call);
  group->second.retention_days = days;
  return nothing();
}

Answer Logs::describe_groups(const Call& call, const json::object& in) {
  const std::string prefix = text_in(in, "logGroupNamePrefix");
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, group] : groups_) {
    if (name.starts_with(prefix)) names.push_back(name);
  }
  const auto page = page_of(text_in(in, "nextToken"), names.size(),
                            static_cast<size_t>(std::min<int64_t>(
                                number_in(in, "limit", 50), account_.number({"page_size"}, 100))));
  if (!page) return invalid(call, "token", "nextToken was not given out here");
  json::array list;
  for (size_t i = page->begin; i < page->end; ++i) {
    const Group& group = groups_.find(names[i])->second;
    json::object one{{"logGroupName", names[i]}, {"creationTime", group.created_ms}};
    if (group.retention_days != 0) one["retentionInDays"] = group.retention_days;
    list.push_back(std::move(one));
  }
  json::object out{{"logGroups", std::move(list)}};
  if (!page->next.empty()) out["nextToken"] = page->next;
  return json_answer(out);
}

Answer Logs::describe_streams(const Call& call, const json::object& in) {
  if (!describe_quota_.take()) return refuse(call, "ThrottlingException", "Rate exceeded");
  const std::lock_guard lock(mutex_);
  const auto group = groups_.find(text_in(in, "logGroupName"));
  if (group == groups_.end()) return no_group(call);
  std::vector<std::string> names;
  for (const auto& [name, stream] : group->second.streams) {
    if (name.starts_with(text_in(in, "logStreamNamePrefix"))) names.push_back(name);
  }
  const auto page = page_of(text_in(in, "nextToken"), names.size(),
                            static_cast<size_t>(std::min<int64_t>(
                                number_in(in, "limit", 50), account_.number({"page_size"}, 100))));
  if (!page) return invalid(call, "token", "nextToken was not given out here");
  json::array list;
  for (size_t i = page->begin; i < page->end; ++i) {
    list.push_back(
        json::object{{"logStreamName", names[i]},
                     {"creationTime", group->second.streams.find(names[i])->second.created_ms}});
  }
  json::object out{{"logStreams", std::move(list)}};
  if (!page->next.empty()) out["nextToken"] = page->next;
  return json_answer(out);
}

// --- Reading back ------------------------------------------------------------------------------

Answer Logs::get_events(const Call& call, const json::object& in) {
  const std::lock_guard lock(mutex_);
  const auto group = groups_.find(text_in(in, "logGroupName"));
  if (group == groups_.end()) return no_group(call);
  const auto stream = group->second.streams.find(text_in(in, "logStreamName"));
  if (stream == group->second.streams.end())
    return refuse(call, "ResourceNotFoundException", "The specified log stream does not exist.");
  json::array events;
  for (const Event& event : stream->second.events) {
    if (events.size() == static_cast<size_t>(number_in(in, "limit", 10'000))) break;
    events.push_back(json::object{{"timestamp", event.timestamp_ms},
                                  {"message", event.message},
                                  {"ingestionTime", event.timestamp_ms}});
  }
  return json_answer(json::object{{"events", std::move(events)},
                                  {"nextForwardToken", "f/end"},
                                  {"nextBackwardToken", "b/end"}});
}

Answer Logs::filter_events(const Call& call, const json::object& in) {
  const auto pattern = Pattern::parse(text_in(in, "filterPattern"));
  if (!pattern) return invalid(call, "pattern", pattern.error().message);
  const std::lock_guard lock(mutex_);
  const auto group = groups_.find(text_in(in, "logGroupName"));
  if (group == groups_.end()) return no_group(call);
  json::array events;
  for (const auto& [name, stream] : group->second.streams) {
    for (const Event& event : stream.events) {
      if (pattern->matches(event.message))
        events.push_back(json::object{{"logStreamName", name},
                                      {"timestamp", event.timestamp_ms},
                                      {"message", event.message}});
    }
  }
  return json_answer(json::object{{"events", std::move(events)}});
}

// --- Metric filters ----------------------------------------------------------------------------

Answer Logs::put_filter(const Call& call, const json::object& in) {
  Filter filter;
  filter.name = text_in(in, "filterName");
  filter.text = text_in(in, "filterPattern");
  auto pattern = Pattern::parse(filter.text);
  if (!pattern) return invalid(call, "pattern", pattern.error().message);
  filter.pattern = std::move(*pattern);
  const json::value* const transformations = in.if_contains("metricTransformations");
  if (transformations == nullptr || !transformations->is_array() ||
      transformations->get_array().size() != 1)
    return invalid(call, "pattern", "metricTransformations has to have one member");
  filter.transformations = *transformations;
  const std::lock_guard lock(mutex_);
  const auto group = groups_.find(text_in(in, "logGroupName"));
  if (group == groups_.end()) return no_group(call);
  auto& filters = group->second.filters;
  std::erase_if(filters, [&](const Filter& other) { return other.name == filter.name; });
  filters.push_back(std::move(filter));
  return nothing();
}

Answer Logs::test_filter(const Call& call, const json::object& in) {
  const auto pattern = Pattern::parse(text_in(in, "filterPattern"));
  if (!pattern) return invalid(call, "pattern", pattern.error().message);
  const json::value* const messages = in.if_contains("logEventMessages");
  if (messages == nullptr || !messages->is_array())
    return invalid(call, "pattern", "logEventMessages is missing");
  json::array matches;
  int64_t number = 0;
  for (const json::value& each : messages->get_array()) {
    ++number;
    if (!each.is_string()) continue;
    const std::string_view text(each.get_string().data(), each.get_string().size());
    if (pattern->matches(text))
      matches.push_back(json::object{
          {"eventNumber", number}, {"eventMessage", each}, {"extractedValues", json::object{}}});
  }
  return json_answer(json::object{{"matches", std::move(matches)}});
}

Answer Logs::describe_filters(const Call& call, const json::object& in) {
  const std::lock_guard lock(mutex_);
  const auto group = groups_.find(text_in(in, "logGroupName"));
  if (group == groups_.end()) return no_group(call);
  json::array filters;
  for (const Filter& filter : group->second.filters) {
    filters.push_back(json::object{{"filterName", filter.name},
                                   {"filterPattern", filter.text},
                                   {"metricTransformations", filter.transformations},
                                   {"logGroupName", group->first}});
  }
  return json_answer(json::object{{"metricFilters", std::move(filters)}});
}

// --- The account of it all ---------------------------------------------------------------------

json::object Logs::report() const {
  const std::lock_guard lock(mutex_);
  json::array groups;
  for (const auto& [name, group] : groups_) {
    json::array streams;
    for (const auto& [stream_name, stream] : group.streams)
      streams.push_back(json::object{{"name", stream_name}, {"taken", stream.taken}});
    json::object filters;
    for (const Filter& filter : group.filters) filters[filter.name] = filter.matched;
    groups.push_back(json::object{{"name", name},
                                  {"retention_days", group.retention_days},
                                  {"streams", std::move(streams)},
                                  {"filter_matches", std::move(filters)}});
  }
  return {{"puts", counts_.puts},
          {"gzip_puts", counts_.gzip_puts},
          {"failed_puts", counts_.failed_puts},
          {"full_puts", counts_.full_puts},
          {"events", counts_.taken},
          {"message_bytes", counts_.message_bytes},
          {"batch_bytes", counts_.batch_bytes},
          {"wire_bytes", counts_.wire_bytes},
          {"rejected", json::object{{"too_new", counts_.too_new},
                                    {"too_old", counts_.too_old},
                                    {"expired", counts_.expired}}},
          {"not_kept", counts_.not_kept},
          {"keys", keys_.report()},
          {"groups", std::move(groups)}};
}

std::string Logs::messages(std::string_view group, std::string_view stream) const {
  const std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& [group_name, each_group] : groups_) {
    if (!group.empty() && group != group_name) continue;
    for (const auto& [stream_name, each_stream] : each_group.streams) {
      if (!stream.empty() && stream != stream_name) continue;
      for (const Event& event : each_stream.events) out.append(event.message).append("\n");
    }
  }
  return out;
}

void Logs::clear() {
  const std::lock_guard lock(mutex_);
  groups_.clear();
  counts_ = {};
  keys_ = {};
}

}  // namespace outrigger::emulator
