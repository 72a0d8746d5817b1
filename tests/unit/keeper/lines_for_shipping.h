// Lines as the drain renders them, for tests of what ships them.
#pragma once

#include <stdio.h>

#include <string>
#include <string_view>

#include "render/time_text.h"

namespace outrigger::keeper {

inline constexpr int64_t kNoonMs = 1'795'521'600'123;  // 2026-11-24T12:00:00.123Z

inline std::string line_at(int64_t ms, uint64_t sequence, std::string_view message = "m",
                           std::string_view level = "INFO") {
  char time[render::TimeText::kBytes + 8];
  render::TimeText{}.write(time, ms * 1'000'000);
  return "{\"time\":\"" + std::string(time, render::TimeText::kBytes) + "\",\"level\":\"" +
         std::string(level) + "\",\"message\":\"" + std::string(message) +
         "\",\"source\":\"a.cc:1\",\"thread\":\"1\",\"boot\":\"00\",\"ring\":\"0.0\",\"seq\":" +
         std::to_string(sequence) + "}\n";
}
// A line of exactly so many bytes, its end included.
inline std::string line_of(size_t bytes, int64_t ms, uint64_t sequence = 0) {
  const size_t empty = line_at(ms, sequence, "").size();
  return line_at(ms, sequence, std::string(bytes - empty, 'x'));
}

}  // namespace outrigger::keeper
