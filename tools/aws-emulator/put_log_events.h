// The body of PutLogEvents, read at the speed of memory: a parser for the one call that comes a
// million events a second.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace outrigger::emulator {

// A message. Most are JSON, whose quotes are all that is escaped in the body: such a one is left as
// it stands there, a backslash before each of its quotes, until somebody wants to read it.
struct EventText {
  std::string_view bytes;
  bool is_escaped = false;
  size_t size = 0;  // of the message itself

  static EventText of(std::string_view plain) { return {plain, false, plain.size()}; }
  std::string plain() const;
};

class PutLogEventsReader {
 public:
  // Behind the body BodyRoom::kPadding bytes may be read.
  explicit PutLogEventsReader(std::string_view body) : body_(body) {}

  // Calls `each` for every event, in their order. Its views are into the body, or stay valid until
  // this thread reads the next one. Returns what is wrong with the body; empty when nothing is.
  std::string read(std::string& group, std::string& stream,
                   const std::function<void(int64_t timestamp_ms, const EventText& message)>& each);

 private:
  std::string_view body_;
};

}  // namespace outrigger::emulator
