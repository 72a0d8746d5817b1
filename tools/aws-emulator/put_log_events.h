// The body of PutLogEvents, read at the speed of memory: a parser for the one call that comes a
// million events a second.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace outrigger::emulator {

class PutLogEventsReader {
 public:
  explicit PutLogEventsReader(std::string_view body) : body_(body) {}

  // Calls `each` for every event, in their order. Its views stay valid until this thread reads the
  // next body. Returns what is wrong with the body; empty when nothing is.
  std::string read(std::string& group, std::string& stream,
                   const std::function<void(int64_t timestamp_ms, std::string_view message)>& each);

 private:
  std::string_view body_;
};

}  // namespace outrigger::emulator
