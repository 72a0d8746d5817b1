#include <string.h>

#include <algorithm>
#include <cmath>

#include "base/hex.h"
#include "render/context.h"
#include "render/message.h"

namespace outrigger::render {
namespace {

using internal::ArgumentType;

constexpr std::string_view kOpen = "{\"time\":\"";
// Each in a block of its own, so that it can be copied as one.
struct Block {
  char text[kSlack];
  uint32_t bytes;
};
constexpr Block block(std::string_view text) {
  Block made{};
  std::copy(text.begin(), text.end(), made.text);
  made.bytes = static_cast<uint32_t>(text.size());
  return made;
}
constexpr Block kLevels[] = {
    block("\",\"level\":\"TRACE\",\"message\":\""), block("\",\"level\":\"DEBUG\",\"message\":\""),
    block("\",\"level\":\"INFO\",\"message\":\""),  block("\",\"level\":\"WARN\",\"message\":\""),
    block("\",\"level\":\"ERROR\",\"message\":\""), block("\",\"level\":\"FATAL\",\"message\":\""),
};

char* put(char* to, std::string_view text) {
  memcpy(to, text.data(), text.size());
  return to + text.size();
}

char* put_hex(char* to, uint64_t value) {
  for (int shift = 60; shift >= 0; shift -= 4) *to++ = "0123456789abcdef"[value >> shift & 15];
  return to;
}

std::string_view source_name(uint32_t ring) {
  switch (ring) {
    case kKeeperRing: return "keeper";
    case kStdoutRing: return "stdout";
    case kStderrRing: return "stderr";
    default: return {};
  }
}

template <typename T>
char* append_floating(char* to, T value) {
  // JSON has no word for these.
  if (!std::isfinite(value))
    return put(to, std::isnan(value) ? "\"nan\"" : value > 0 ? "\"inf\"" : "\"-inf\"");
  return to + format_shortest(to, value);
}

char* append_value(char* to, ArgumentType type, uint64_t word, const char* texts) {
  switch (type) {
    case ArgumentType::kBool:
    case ArgumentType::kUnsigned:
    case ArgumentType::kSigned: return to + format_plainly(to, type, word);
    case ArgumentType::kFloat:
      return append_floating(to, std::bit_cast<float>(static_cast<uint32_t>(word)));
    case ArgumentType::kDouble: return append_floating(to, std::bit_cast<double>(word));
    default: break;
  }
  *to++ = '"';
  if (is_text_type(type)) {
    to = append_escaped<Target::kJson>(to, texts, word);
  } else {
    char text[64];
    to = append_escaped<Target::kJson>(to, text, format_plainly(text, type, word));
  }
  *to++ = '"';
  return to;
}

// The call's own names go before: a context's field of the same name gets a suffix.
char* append_context(char* to, const Entry& entry) {
  const EntryContext& context = entry.context;
  if (!context.module.empty()) {
    to = append_escaped<Target::kJson>(put(to, ",\"module\":\""), context.module);
    *to++ = '"';
  }
  if (context.has_trace) {
    to = base::write_hex(put(to, ",\"trace_id\":\""), context.trace_id, kTraceBytes);
    to = base::write_hex(put(to, "\",\"span_id\":\""), context.span_id, kSpanBytes);
    *to++ = '"';
  }
  for_each_field(context, [&](const FieldView& field) {
    to = append_escaped<Target::kJson>(put(to, ",\""), field.name);
    if (is_taken(entry, field.name)) *to++ = '_';
    to = append_value(put(to, "\":"), field.type, field.word, field.text);
  });
  return to;
}

char* append_fields(char* to, const Entry& entry) {
  const char* texts = entry.texts;
  const auto& arguments = entry.plan->arguments;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const uint64_t word = word_at(entry, i);
    if (!arguments[i].name.empty()) {
      to = append_constant(to, arguments[i].json_name);
      to = append_value(to, arguments[i].type, word, texts);
    }
    if (is_text_type(arguments[i].type)) texts += word;
  }
  return to;
}

}  // namespace

std::string ring_name(uint32_t ring) {
  const std::string_view name = source_name(ring);
  return name.empty() ? std::to_string(ring) : std::string(name);
}

JsonLines::JsonLines(uint64_t boot) : boot_(boot) {}

const JsonLines::Key& JsonLines::key_of(const Entry& entry) {
  Key& key = keys_[std::min(entry.ring, kEntrySources - 1)];
  const bool same =
      key.bytes != 0 && key.ring == entry.ring && key.generation == entry.generation &&
      key.thread_id == entry.thread_id &&
      std::string_view(key.thread_name, strnlen(key.thread_name, sizeof(key.thread_name))) ==
          entry.thread_name;
  if (same) [[likely]]
    return key;
  key.ring = entry.ring;
  key.generation = entry.generation;
  key.thread_id = entry.thread_id;
  memset(key.thread_name, 0, sizeof(key.thread_name));
  memcpy(key.thread_name, entry.thread_name.data(),
         std::min(entry.thread_name.size(), sizeof(key.thread_name)));
  const std::string_view source = source_name(entry.ring);
  char* to = put(key.text.data(), ",\"thread\":\"");
  if (!source.empty()) {
    to = put(to, source);
  } else {
    to = append_escaped<Target::kJson>(to, entry.thread_name);
    if (!entry.thread_name.empty()) *to++ = '/';
    to = append_signed(to, entry.thread_id);
  }
  to = put_hex(put(to, "\",\"boot\":\""), boot_);
  to = put(to, "\",\"ring\":\"");
  to = source.empty() ? append_unsigned(to, entry.ring) : put(to, source);
  *to++ = '.';
  to = append_unsigned(to, entry.generation);
  to = put(to, "\",\"seq\":");
  key.bytes = static_cast<uint32_t>(to - key.text.data());
  return key;
}

char* JsonLines::append(char* to, const Entry& entry) {
  to = put(to, kOpen);
  time_.write(to, entry.time_ns);
  to += TimeText::kBytes;
  const Block& level = kLevels[entry.level];
  memcpy(to, level.text, sizeof(level.text));
  to = append_message<Target::kJson>(to + level.bytes, entry);
  to = append_constant(to, entry.plan->json_source);
  const Key& key = key_of(entry);
  memcpy(to, key.text.data(), key.text.size());
  to = append_unsigned(to + key.bytes, entry.sequence);
  if (entry.context.present) [[unlikely]]
    to = append_context(to, entry);
  if (entry.plan->has_fields) to = append_fields(to, entry);
  *to++ = '}';
  *to++ = '\n';
  return to;
}

}  // namespace outrigger::render
