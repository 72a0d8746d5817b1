// When no keeper drains the service's stdout and stderr, the supervisor passes the bytes on as they
// are: the service's printf must not block because of us, and what it printed last must not be
// lost.
#pragma once

namespace outrigger::supervisor {

// A pipe that polls as writable takes so much without blocking.
inline constexpr int kReliefPieceBytes = 4096;
inline constexpr int kReliefPiecesMax = 512;  // in one call: more than a pipe holds

// From the pipe `captured` to `out`, as much as there is and `out` takes without blocking. What
// `out` refuses for good is dropped, as it would be without a crew.
void pass_on(int captured, int out);

// A small write would not block. A descriptor in error counts as ready: the write then says so.
bool takes_bytes(int fd);

}  // namespace outrigger::supervisor
