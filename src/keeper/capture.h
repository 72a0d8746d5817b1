// What the service and its libraries print: the read end of a pipe, turned line by line into
// entries.
//
// Lines are looked at through tee() and taken out of the pipe only when their entries are safe, so
// a keeper that is killed in between loses none; its successor may repeat those of one turn (at
// most kChunkBytes). A line that has no end yet stays in the pipe as well; after a second, when it
// gets too long, or at the end it is taken for a line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/fd.h"
#include "keeper/drain.h"

namespace outrigger::keeper {

class Capture {
 public:
  static constexpr size_t kChunkBytes = 64u << 10;  // taken in one turn, and the longest line
  // A line without an end waits so long for it.
  static constexpr int64_t kPartialNs = 1'000'000'000;

  // `pipe` is used, not owned; negative: nothing is captured.
  Capture(int pipe, OwnSource source);

  enum class Flush { kNo, kPartialLines };
  // Puts what is there, up to kChunkBytes, and commits it. True when something was taken: there may
  // be more.
  bool turn(Drain& drain, Flush flush, int64_t now_ns);

  // The service has ended: what is in the pipe now is all that is taken. Who else may hold its
  // other end is not waited for.
  void end() { rest_ = available(); }

  // So full that the service's next printf might soon wait.
  bool is_filling() const { return pipe_ >= 0 && available() > filling_bytes_; }

  // What poll() should look at: -1 while only an unfinished line is there, which would make it
  // return at once.
  int poll_fd() const { return has_partial() ? -1 : pipe_; }
  bool has_partial() const { return partial_bytes_ != 0; }

 private:
  // Bytes in the pipe; 0 also when its writers are gone.
  size_t available() const;
  size_t look(size_t bytes);
  void consume(size_t bytes);
  // Puts the whole lines of the first `bytes` looked at; the number of bytes they take.
  size_t put_lines(Drain& drain, size_t bytes, Flush flush);
  void put_line(Drain& drain, std::string_view line);

  int pipe_;
  OwnSource source_;
  base::Fd copy_in_;  // a pipe of our own, for tee()
  base::Fd copy_out_;
  std::vector<char> bytes_;
  size_t filling_bytes_ = 0;
  size_t rest_ = SIZE_MAX;    // to be taken still, once the end is near
  size_t partial_bytes_ = 0;  // of an unfinished line, as last seen
  int64_t partial_since_ns_ = 0;
};

}  // namespace outrigger::keeper
