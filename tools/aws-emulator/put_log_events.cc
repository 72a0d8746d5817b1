#include "put_log_events.h"

#include <simdjson.h>

namespace outrigger::emulator {

namespace ondemand = simdjson::ondemand;

std::string PutLogEventsReader::read(
    std::string& group, std::string& stream,
    const std::function<void(int64_t timestamp_ms, std::string_view message)>& each) {
  thread_local ondemand::parser parser;
  thread_local std::string padded;
  padded.assign(body_);
  padded.reserve(body_.size() + simdjson::SIMDJSON_PADDING);
  try {
    ondemand::document document = parser.iterate(padded.data(), body_.size(), padded.capacity());
    ondemand::object whole = document.get_object();
    bool has_events = false;
    for (auto field : whole) {
      const std::string_view name = field.unescaped_key();
      if (name == "logGroupName") {
        group = std::string_view(field.value().get_string());
      } else if (name == "logStreamName") {
        stream = std::string_view(field.value().get_string());
      } else if (name == "logEvents") {
        has_events = true;
        for (auto element : field.value().get_array()) {
          int64_t timestamp_ms = -1;
          std::string_view message;
          for (auto part : element.get_object()) {
            const std::string_view part_name = part.unescaped_key();
            if (part_name == "timestamp") {
              timestamp_ms = part.value().get_int64();
            } else if (part_name == "message") {
              message = part.value().get_string();
            } else {
              return "an event has a member that the API does not know: " + std::string(part_name);
            }
          }
          each(timestamp_ms, message);
        }
      } else if (name != "sequenceToken" && name != "entity") {
        return "a member that the API does not know: " + std::string(name);
      }
    }
    if (!has_events) return "logEvents is missing";
    if (document.current_location().error() == simdjson::SUCCESS)
      return "bytes behind the JSON object";
    return {};
  } catch (const simdjson::simdjson_error& error) {
    return error.what();
  }
}

}  // namespace outrigger::emulator
