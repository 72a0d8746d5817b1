#include <string.h>

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

}  // namespace

char* TextLines::append(char* to, const Entry& entry) {
  const bool coloured = colours_ == Colours::kAnsi;
  if (coloured) to = put(to, kDim);
  time_.write(to, entry.time_ns);
  to += TimeText::kBytes;
  if (coloured) to = put(to, kReset);
  const LevelText& level = kLevels[entry.level];
  to = coloured ? put(to, {level.coloured, kColouredBytes}) : put(to, {level.plain, kPlainBytes});
  to = append_message<Target::kText>(to, entry);
  if (!entry.plan->source.empty()) {
    if (coloured) to = put(to, kDim);
    to = append_constant(to, entry.plan->text_source);
    if (coloured) to = put(to, kReset);
  }
  *to++ = '\n';
  return to;
}

}  // namespace outrigger::render
