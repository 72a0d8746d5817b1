// Huffman codes as DEFLATE wants them (RFC 1951, 3.2.2): by frequencies, no code longer than a
// bound, canonical. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace outrigger::keeper {

inline constexpr unsigned kCodeBitsMax = 15;

struct Code {
  uint16_t bits = 0;  // the first bit of the code is the lowest
  uint16_t count = 0;
};

// For each symbol that occurs a code; at least two are made to occur, so that the code is complete.
// Precondition: 2 <= codes.size() == frequencies.size() <= 512, bits_max <= kCodeBitsMax, and
// bits_max bits number the symbols.
void make_codes(std::span<uint32_t> frequencies, unsigned bits_max, std::span<Code> codes);

}  // namespace outrigger::keeper
