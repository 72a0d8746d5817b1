#include "keeper/huffman.h"

#include <algorithm>
#include <iterator>

namespace outrigger::keeper {
namespace {

constexpr size_t kSymbolsMax = 512;

uint16_t reversed(unsigned code, unsigned count) {
  unsigned bits = 0;
  for (unsigned i = 0; i < count; ++i) bits |= (code >> i & 1) << (count - 1 - i);
  return static_cast<uint16_t>(bits);
}

// How many symbols get codes of each length, shortest codes for what occurs most. `weights` ascend.
void count_lengths(std::span<const uint32_t> weights, unsigned bits_max,
                   uint32_t (&of_length)[kSymbolsMax]) {
  // The tree is built bottom-up from two queues, both ascending: leaves, and the inner nodes in the
  // order of their making.
  const size_t leaves = weights.size();
  uint64_t sums[kSymbolsMax];
  uint16_t parent_of_leaf[kSymbolsMax], parent_of_inner[kSymbolsMax];
  size_t leaf = 0, inner = 0;
  for (size_t made = 0; made + 1 < leaves; ++made) {
    sums[made] = 0;
    for (int child = 0; child < 2; ++child) {
      if (leaf < leaves && (inner == made || weights[leaf] <= sums[inner])) {
        parent_of_leaf[leaf] = static_cast<uint16_t>(made);
        sums[made] += weights[leaf++];
      } else {
        parent_of_inner[inner] = static_cast<uint16_t>(made);
        sums[made] += sums[inner++];
      }
    }
  }
  uint16_t depth[kSymbolsMax];
  depth[leaves - 2] = 0;  // the root
  for (size_t i = leaves - 2; i-- > 0;)
    depth[i] = static_cast<uint16_t>(depth[parent_of_inner[i]] + 1);
  for (size_t i = 0; i < leaves; ++i)
    ++of_length[std::min<unsigned>(depth[parent_of_leaf[i]] + 1u, bits_max)];
  // What was cut short asks for more codes than there are: a shorter one makes room for two by
  // going one level down.
  uint32_t taken = 0;
  for (unsigned bits = 1; bits <= bits_max; ++bits) taken += of_length[bits] << (bits_max - bits);
  for (; taken > 1u << bits_max; --taken) {
    unsigned bits = bits_max - 1;
    while (of_length[bits] == 0) --bits;
    --of_length[bits];
    of_length[bits + 1] += 2;
    --of_length[bits_max];
  }
}

}  // namespace

void make_codes(std::span<uint32_t> frequencies, unsigned bits_max, std::span<Code> codes) {
  for (size_t i = 0, used = static_cast<size_t>(std::count_if(
                         frequencies.begin(), frequencies.end(), [](auto f) { return f != 0; }));
       used < 2; ++i) {
    if (frequencies[i] != 0) continue;
    frequencies[i] = 1;
    ++used;
  }
  // By frequency, then by symbol.
  uint64_t sorted[kSymbolsMax];
  uint32_t weights[kSymbolsMax];
  size_t used = 0;
  for (size_t i = 0; i < frequencies.size(); ++i) {
    codes[i] = {};
    if (frequencies[i] != 0) sorted[used++] = uint64_t{frequencies[i]} << 16 | i;
  }
  std::sort(sorted, sorted + used);
  for (size_t i = 0; i < used; ++i) weights[i] = static_cast<uint32_t>(sorted[i] >> 16);
  uint32_t of_length[kSymbolsMax] = {};
  count_lengths({weights, used}, bits_max, of_length);
  size_t rare = 0;
  for (unsigned bits = bits_max; bits >= 1; --bits) {
    for (uint32_t i = 0; i < of_length[bits]; ++i)
      codes[sorted[rare++] & 0xffff].count = static_cast<uint16_t>(bits);
  }
  unsigned next[kCodeBitsMax + 1] = {};
  for (unsigned bits = 1, code = 0; bits <= bits_max; ++bits) {
    next[bits] = code;
    code = (code + of_length[bits]) << 1;
  }
  for (Code& code : codes) {
    if (code.count != 0) code.bits = reversed(next[code.count]++, code.count);
  }
}

}  // namespace outrigger::keeper
