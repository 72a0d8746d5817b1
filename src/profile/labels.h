// The calling thread's labels, as its samples bear them (segment/samples.h has their form).
#pragma once

#include <cstdint>

namespace outrigger::profile {

// Copies them to where kLabelBytesMax have room; how many bytes these are. Async-signal-safe.
uint32_t copy_labels(char* to);

}  // namespace outrigger::profile
