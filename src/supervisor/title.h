// What ps, top and /proc show of a child: "prober: service run --listen :80".
#pragma once

#include <string_view>

namespace outrigger::supervisor {

// Overwrites the memory from which the kernel reads a command line. `argv` is the array that main()
// gets, with its strings as exec laid them down: they move to memory of their own first, and its
// entries with them. Where there is no memory, the command line stays what it was.
void set_title(std::string_view part, int argc, char** argv);

}  // namespace outrigger::supervisor
