#include "put_log_events.h"

#include <simdjson.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <algorithm>

#include "api.h"

namespace outrigger::emulator {
namespace {

namespace ondemand = simdjson::ondemand;
static_assert(BodyRoom::kPadding >= simdjson::SIMDJSON_PADDING);

struct Slashes {
  size_t all = 0;
  size_t before_quotes = 0;
};
// One byte behind `text` may be read.
Slashes count_slashes(std::string_view text) {
  Slashes count;
  const char* at = text.data();
  const char* const end = at + text.size();
#if defined(__SSE2__)
  const __m128i slash = _mm_set1_epi8('\\'), quote = _mm_set1_epi8('"');
  for (; end - at >= 16; at += 16) {
    const auto load = [](const char* from) {
      return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    };
    const __m128i slashes = _mm_cmpeq_epi8(load(at), slash);
    const __m128i both = _mm_and_si128(slashes, _mm_cmpeq_epi8(load(at + 1), quote));
    count.all +=
        static_cast<size_t>(__builtin_popcount(static_cast<unsigned>(_mm_movemask_epi8(slashes))));
    count.before_quotes +=
        static_cast<size_t>(__builtin_popcount(static_cast<unsigned>(_mm_movemask_epi8(both))));
  }
#endif
  for (; at != end; ++at) {
    if (*at != '\\') continue;
    ++count.all;
    if (at[1] == '"') ++count.before_quotes;
  }
  return count;
}

// simdjson has seen that it is UTF-8 without control characters; which escapes there are is known
// once somebody has looked. Where each backslash has a quote behind it there is no other.
EventText text_of(ondemand::value value) {
  if (value.type() != ondemand::json_type::string) return EventText::of(value.get_string());
  std::string_view raw = value.raw_json_token();
  raw = raw.substr(0, raw.rfind('"'));
  raw.remove_prefix(1);
  const Slashes slashes = count_slashes(raw);
  if (slashes.all != slashes.before_quotes) return EventText::of(value.get_string());
  return {raw, true, raw.size() - slashes.all};
}

}  // namespace

std::string EventText::plain() const {
  if (!is_escaped) return std::string(bytes);
  std::string text;
  text.reserve(size);
  std::copy_if(bytes.begin(), bytes.end(), std::back_inserter(text),
               [](char c) { return c != '\\'; });
  return text;
}

std::string PutLogEventsReader::read(
    std::string& group, std::string& stream,
    const std::function<void(int64_t timestamp_ms, const EventText& message)>& each) {
  thread_local ondemand::parser parser;
  try {
    ondemand::document document =
        parser.iterate(body_.data(), body_.size(), body_.size() + simdjson::SIMDJSON_PADDING);
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
          EventText message;
          for (auto part : element.get_object()) {
            const std::string_view part_name = part.unescaped_key();
            if (part_name == "timestamp") {
              timestamp_ms = part.value().get_int64();
            } else if (part_name == "message") {
              message = text_of(part.value());
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
