// Stacks as text for a log entry. Pure functions.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "pprof/standstill.h"

namespace outrigger::keeper {

// Up to eight functions in one line, leaf first: "shop::Cart::add < shop::serve < main". What the C
// and C++ libraries do between a fault of the program's and abort() is left out.
std::string trace_of(const pprof::ThreadStack& stack);

// The same functions' first: where the fault lies. Empty when nothing is known.
std::string culprit_of(const pprof::ThreadStack& stack);

// A line a frame, leaf first: "shop::Cart::add+0x1c (cart.cc:41)". A frame that repeats stands once,
// with its number. At most about `bytes_max`; what is left out is said.
std::string stack_text(const pprof::ThreadStack& stack, size_t bytes_max);

// A paragraph for all threads with the same stack. At most about `bytes_max`, likewise.
std::string threads_text(std::span<const pprof::ThreadStack> threads, size_t bytes_max);

// Who waits for whom, a line each: "io-1 (17) waits for the mutex 0x7f… that io-2 (18) holds", then
// each circle of threads that wait for one another: "deadlock: io-1 (17), io-2 (18)". Empty when no
// owner is known.
std::string waits_text(std::span<const pprof::ThreadStack> threads);

}  // namespace outrigger::keeper
