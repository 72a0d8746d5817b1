// Where the log call writes to: the segment once there is one, stderr (WARN and above) until then.
#pragma once

#include <cstdint>

namespace outrigger::render {
struct Entry;
}

namespace outrigger::log {

// `segment_base` is a mapping made by segment::map(). Once per process, before other threads log.
void attach(void* segment_base);

// An eventfd: rung by a call whose ring fills while the keeper sleeps. As attach(). A call that rings
// nothing makes no system call.
void set_keeper_bell(int bell);

// From then on calls fall back to stderr. For a command that has drained its own segment.
void detach();

// 0 TRACE .. 5 FATAL; others are ignored.
void set_level_number(uint32_t level);

// Each module's level as the keeper wishes it.
void take_module_levels();

// While there is no segment, `capture` gets every entry that the level lets through (process.h);
// nullptr ends that. False when there is a segment, or another capture.
bool set_capture(bool (*capture)(const render::Entry& entry));

}  // namespace outrigger::log
