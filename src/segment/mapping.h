// Making and mapping the segment. Plain system calls, no allocation: the supervisor uses it.
#pragma once

#include <cstddef>

namespace outrigger::segment {

// A sealed memfd with its header filled in, close-on-exec; -1 with one sentence in `why` when that
// fails.
int create(char* why, size_t why_bytes);

// The whole segment, shared; in children of fork() only the page of discarded calls remains mapped.
// nullptr when there is no address space or memory for it, or `fd` is not a segment of this
// version.
void* map(int fd);

}  // namespace outrigger::segment
