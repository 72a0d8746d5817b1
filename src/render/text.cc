#include <string.h>

#include "base/hex.h"
#include "render/context.h"
#include "render/message.h"

namespace outrigger::render {
namespace {

struct LevelText {
  char plain[8];      // " WARN  "
  char coloured[24];  // the same with the level's colour around
};
constexpr size_t kPlainBytes = 7;
constexpr LevelText kLevels[] = {
    {" TRACE ", " \x1b[90mTRACE\x1b[0m "}, {" DEBUG ", " \x1b[36mDEBUG\x1b[0m "},
    {" INFO  ", " \x1b[32mINFO\x1b[0m  "}, {" WARN  ", " \x1b[33mWARN\x1b[0m  "},
    {" ERROR ", " \x1b[31mERROR\x1b[0m "}, {" FATAL ", " \x1b[35mFATAL\x1b[0m "},
};
constexpr size_t kColouredBytes = kPlainBytes + 9;
constexpr std::string_view kDim = "\x1b[90m";
constexpr std::string_view kReset = "\x1b[0m";

char* put(char* to, std::string_view text) {
  memcpy(to, text.data(), text.size());
  return to + text.size();
}

// user=ada trace=4bf92f3577b34da6a3ce929d0e0e4736: spans are for machines.
char* append_context(char* to, const Entry& entry, bool coloured) {
  if (coloured) to = put(to, kDim);
  for_each_field(entry.context, [&](const FieldView& field) {
    *to++ = ' ';
    to = append_escaped<Target::kText>(to, field.name);
    *to++ = '=';
    if (is_text_type(field.type)) {
      to = append_escaped<Target::kText>(to, field.text, field.word);
    } else {
      char text[kPlainNumberRoom];
      to = append_escaped<Target::kText>(to, text, format_plainly(text, field.type, field.word));
    }
  });
  if (entry.context.has_trace)
    to = base::write_hex(put(to, " trace="), entry.context.trace_id, kTraceBytes);
  if (coloured) to = put(to, kReset);
  return to;
}

}  // namespace

char* TextLines::append(char* to, const Entry& entry) {
  const bool coloured = colours_ == Colours::kAnsi;
  if (coloured) to = put(to, kDim);
  time_.write(to, entry.time_ns);
  to += TimeText::kBytes;
  if (coloured) to = put(to, kReset);
  const LevelText& level = kLevels[entry.level];
  to = coloured ? put(to, {level.coloured, kColouredBytes}) : put(to, {level.plain, kPlainBytes});
  if (!entry.context.module.empty()) [[unlikely]] {
    to = append_escaped<Target::kText>(put(to, "["), entry.context.module);
    to = put(to, "] ");
  }
  to = append_message<Target::kText>(to, entry);
  if (!entry.plan->source.empty()) {
    if (coloured) to = put(to, kDim);
    to = append_constant(to, entry.plan->text_source);
    if (coloured) to = put(to, kReset);
  }
  if (entry.context.present) [[unlikely]]
    to = append_context(to, entry, coloured);
  *to++ = '\n';
  return to;
}

}  // namespace outrigger::render
