#include "keeper/deflate.h"

#include <libdeflate.h>
#include <string.h>

#include <algorithm>
#include <array>
#include <bit>

namespace outrigger::keeper {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr size_t kMatchMin = 5;  // of what is looked for; shorter ones do not pay
constexpr size_t kMatchMax = 258;
constexpr size_t kDistanceMax = 32'768;
// A match is looked for where so many bytes can be read.
constexpr size_t kTail = 16;
// A match in the line before is good enough when it is so long.
constexpr size_t kGoodMatch = 24;
constexpr size_t kStoredMax = 65'535;
constexpr unsigned kEndOfBlock = 256;

uint64_t load(const char* from) {
  uint64_t word;
  memcpy(&word, from, sizeof word);
  return word;
}

bool starts_alike(uint64_t a, uint64_t b) { return (a ^ b) << (64 - 8 * kMatchMin) == 0; }

// How far two texts are the same; `end` is the end of the one that ends first.
size_t common_bytes(const char* a, const char* b, const char* end) {
  const char* const begin = a;
  while (end - a >= 8) {
    const uint64_t different = load(a) ^ load(b);
    if (different != 0)
      return static_cast<size_t>(a - begin) + static_cast<size_t>(std::countr_zero(different)) / 8;
    a += 8;
    b += 8;
  }
  while (a < end && *a == *b) ++a, ++b;
  return static_cast<size_t>(a - begin);
}

// Symbols for lengths and distances, and how many bits say the rest (RFC 1951, 3.2.5).
struct LengthSymbol {
  uint16_t symbol;
  uint8_t extra_bits;
  uint8_t extra;
};
constexpr std::array<LengthSymbol, kMatchMax + 1> make_length_symbols() {
  std::array<LengthSymbol, kMatchMax + 1> table{};
  unsigned length = 3;
  for (unsigned symbol = 257; symbol < 285; ++symbol) {
    const unsigned extra_bits = symbol < 265 ? 0 : (symbol - 261) / 4;
    for (unsigned extra = 0; extra < 1u << extra_bits; ++extra) {
      table[length++] = {static_cast<uint16_t>(symbol), static_cast<uint8_t>(extra_bits),
                         static_cast<uint8_t>(extra)};
      if (length > kMatchMax) break;
    }
  }
  table[kMatchMax] = {285, 0, 0};
  return table;
}
constexpr auto kLengths = make_length_symbols();

struct DistanceSymbol {
  unsigned symbol;
  unsigned extra_bits;
  unsigned extra;
};
DistanceSymbol distance_symbol(unsigned distance) {
  const unsigned from_0 = distance - 1;
  if (from_0 < 4) return {from_0, 0, 0};
  const auto extra_bits = static_cast<unsigned>(std::bit_width(from_0)) - 2;
  return {2 * extra_bits + (from_0 >> extra_bits), extra_bits, from_0 & ((1u << extra_bits) - 1)};
}

}  // namespace

char* PackedBytes::grow(size_t bytes) {
  if (size_ + bytes > room_) {
    const size_t room = std::max(size_ + bytes, room_ + room_ / 2);
    auto more = std::make_unique_for_overwrite<char[]>(room);
    if (size_ != 0) memcpy(more.get(), bytes_.get(), size_);
    bytes_ = std::move(more);
    room_ = room;
  }
  return bytes_.get() + size_;
}

void PackedBytes::free() {
  bytes_.reset();
  size_ = room_ = 0;
}

// --- Bits --------------------------------------------------------------------------------------

class Deflater::Bits {
 public:
  Bits(char* to, uint64_t pending, unsigned count) : to_(to), bits_(pending), count_(count) {}

  // At most 56 between two calls of flush().
  void put(uint64_t bits, unsigned count) {
    bits_ |= bits << count_;
    count_ += count;
  }
  void put(Code code) { put(code.bits, code.count); }
  void flush() {
    memcpy(to_, &bits_, sizeof bits_);
    to_ += count_ / 8;
    bits_ >>= count_ & ~7u;
    count_ &= 7;
  }
  void fill_byte() {
    count_ = (count_ + 7) & ~7u;
    flush();
  }
  // Precondition: fill_byte() or its like.
  void put_bytes(std::string_view bytes) {
    memcpy(to_, bytes.data(), bytes.size());
    to_ += bytes.size();
  }
  char* at() const { return to_; }
  uint64_t pending() const { return bits_; }
  unsigned pending_count() const { return count_; }

 private:
  char* to_;
  uint64_t bits_;
  unsigned count_;
};

// --- What was there before ---------------------------------------------------------------------

Deflater::Deflater() : sequences_(std::make_unique_for_overwrite<Sequence[]>(kSequencesMax)) {}

void Deflater::add(const char* literals, size_t count, size_t length, size_t distance) {
  for (size_t i = 0; i < count; ++i) ++literal_counts_[static_cast<uint8_t>(literals[i])];
  if (length != 0) {
    ++literal_counts_[kLengths[length].symbol];
    ++distance_counts_[distance_symbol(static_cast<unsigned>(distance)).symbol];
  }
  sequences_[sequence_count_++] = {static_cast<uint32_t>(count), static_cast<uint16_t>(length),
                                   static_cast<uint16_t>(distance)};
}

// Returns how much of the text the sequences make up: all, if there were enough of them.
size_t Deflater::find(const char* text, size_t size) {
  const char* const end = text + size;
  const char* literals = text;
  sequence_count_ = 0;
  std::fill(std::begin(literal_counts_), std::end(literal_counts_), 0);
  std::fill(std::begin(distance_counts_), std::end(distance_counts_), 0);
  std::fill(std::begin(last_at_), std::end(last_at_), 0);
  const auto place_of = [this](uint64_t word) -> uint32_t& {
    constexpr uint64_t kMix = 0x9e3779b185ebca87;
    return last_at_[(word << (64 - 8 * kMatchMin)) * kMix >> (64 - kHashBits)];
  };
  size_t distance = 1;  // of the last match: the next one is often as far away
  const char* at = text + 1;
  const char* const last = size > kTail ? end - kTail : text;
  while (at < last) {
    const uint64_t word = load(at);
    const char* const farthest = std::min(end, at + kMatchMax);
    const char* match = nullptr;
    size_t length = 0;
    if (static_cast<size_t>(at - text) >= distance && starts_alike(word, load(at - distance))) {
      match = at - distance;
      length = common_bytes(at, match, farthest);
    }
    if (length < kGoodMatch) {
      uint32_t& place = place_of(word);
      const char* const other = text + place;
      place = static_cast<uint32_t>(at - text);
      if (static_cast<size_t>(at - other) <= kDistanceMax && starts_alike(word, load(other))) {
        const size_t other_length = common_bytes(at, other, farthest);
        if (other_length > length) {
          match = other;
          length = other_length;
        }
      }
    }
    if (match == nullptr) {
      // Where nothing was found for long, not each place is looked at.
      at += 1 + (static_cast<size_t>(at - literals) >> 7);
      continue;
    }
    while (length < kMatchMax && at > literals && match > text && at[-1] == match[-1])
      --at, --match, ++length;
    distance = static_cast<size_t>(at - match);
    add(literals, static_cast<size_t>(at - literals), length, distance);
    literals = at += length;
    if (sequence_count_ + 1 == kSequencesMax) break;
    if (at < last) place_of(load(at - 3)) = static_cast<uint32_t>(at - 3 - text);
  }
  if (sequence_count_ + 1 == kSequencesMax) return static_cast<size_t>(literals - text);
  add(literals, static_cast<size_t>(end - literals), 0, 0);
  return size;
}

// --- A block -----------------------------------------------------------------------------------

void Deflater::begin() {
  pending_ = 0;
  pending_count_ = 0;
}

void Deflater::block(std::string_view text, PackedBytes& out) {
  while (!text.empty()) {
    const size_t size = find(text.data(), std::min(text.size(), kBlockBytes));
    write(text.substr(0, size), out);
    text.remove_prefix(size);
  }
}

void Deflater::end(PackedBytes& out) {
  // An empty block of fixed codes is the last.
  char* const begin = out.grow(16);
  Bits bits(begin, pending_, pending_count_);
  bits.put(1 | 1 << 1, 3 + 7);
  bits.fill_byte();
  out.add(static_cast<size_t>(bits.at() - begin));
  this->begin();
}

void Deflater::write(std::string_view text, PackedBytes& out) {
  ++literal_counts_[kEndOfBlock];
  make_codes(literal_counts_, kCodeBitsMax, literals_);
  make_codes(distance_counts_, kCodeBitsMax, distances_);
  make_header();
  const size_t stored_bytes = text.size() + 5 * (text.size() / kStoredMax + 1);
  const size_t packed_bytes = bits_of_block() / 8 + 1;
  char* const begin = out.grow(std::min(packed_bytes, stored_bytes) + 16);
  Bits bits(begin, pending_, pending_count_);
  if (packed_bytes < stored_bytes) {
    write_packed(bits, text.data());
  } else {
    write_stored(bits, text);
  }
  out.add(static_cast<size_t>(bits.at() - begin));
  pending_ = bits.pending();
  pending_count_ = bits.pending_count();
}

// The lengths of the codes, as a run-length code of its own (RFC 1951, 3.2.7).
void Deflater::make_header() {
  const auto used = [](const auto& codes, size_t least) {
    size_t count = std::size(codes);
    while (count > least && codes[count - 1].count == 0) --count;
    return count;
  };
  header_.literals = used(literals_, 257);
  header_.distances = used(distances_, 1);
  uint8_t lengths[kLiteralSymbols + kDistanceSymbols];
  size_t count = 0;
  for (size_t i = 0; i < header_.literals; ++i)
    lengths[count++] = static_cast<uint8_t>(literals_[i].count);
  for (size_t i = 0; i < header_.distances; ++i)
    lengths[count++] = static_cast<uint8_t>(distances_[i].count);
  uint32_t counts[kLengthSymbols] = {};
  header_.runs = 0;
  const auto add = [&](unsigned symbol, unsigned extra, unsigned extra_bits) {
    ++counts[symbol];
    header_.run[header_.runs++] = {static_cast<uint8_t>(symbol), static_cast<uint8_t>(extra),
                                   static_cast<uint8_t>(extra_bits)};
  };
  for (size_t i = 0; i < count;) {
    size_t run = 1;
    while (i + run < count && lengths[i + run] == lengths[i]) ++run;
    const uint8_t length = lengths[i];
    i += run;
    if (length != 0) {
      add(length, 0, 0);
      --run;
    }
    while (run >= 3) {
      const size_t part = std::min<size_t>(run, length != 0 ? 6 : 138);
      const auto more = static_cast<unsigned>(part);
      if (length != 0) {
        add(16, more - 3, 2);
      } else if (part <= 10) {
        add(17, more - 3, 3);
      } else {
        add(18, more - 11, 7);
      }
      run -= part;
    }
    for (; run > 0; --run) add(length, 0, 0);
  }
  make_codes(counts, 7, header_.codes);
}

namespace {
// In which order their lengths are told.
constexpr uint8_t kLengthOrder[] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                    11, 4,  12, 3, 13, 2, 14, 1, 15};

unsigned length_extra_bits(size_t symbol) {
  return symbol < 265 || symbol == 285 ? 0 : static_cast<unsigned>(symbol - 261) / 4;
}
unsigned distance_extra_bits(size_t symbol) {
  return symbol < 4 ? 0 : static_cast<unsigned>(symbol) / 2 - 1;
}
}  // namespace

uint64_t Deflater::bits_of_block() const {
  uint64_t bits = 3 + 5 + 5 + 4 + 3 * kLengthSymbols;
  for (size_t i = 0; i < header_.runs; ++i)
    bits += header_.codes[header_.run[i].symbol].count + header_.run[i].extra_bits;
  for (size_t i = 0; i < kLiteralSymbols; ++i) {
    const unsigned extra_bits = i <= kEndOfBlock ? 0 : length_extra_bits(i);
    bits += uint64_t{literal_counts_[i]} * (literals_[i].count + extra_bits);
  }
  for (size_t i = 0; i < kDistanceSymbols; ++i)
    bits += uint64_t{distance_counts_[i]} * (distances_[i].count + distance_extra_bits(i));
  return bits;
}

void Deflater::write_packed(Bits& bits, const char* text) const {
  size_t told = kLengthSymbols;
  while (told > 4 && header_.codes[kLengthOrder[told - 1]].count == 0) --told;
  bits.put(2 << 1, 3);
  bits.put(header_.literals - 257, 5);
  bits.put(header_.distances - 1, 5);
  bits.put(told - 4, 4);
  bits.flush();
  for (size_t i = 0; i < told; ++i) {
    bits.put(header_.codes[kLengthOrder[i]].count, 3);
    bits.flush();
  }
  for (size_t i = 0; i < header_.runs; ++i) {
    const Run& run = header_.run[i];
    bits.put(header_.codes[run.symbol]);
    bits.put(run.extra, run.extra_bits);
    bits.flush();
  }
  for (size_t i = 0; i < sequence_count_; ++i) {
    const Sequence& sequence = sequences_[i];
    const char* const literals_end = text + sequence.literals;
    for (; literals_end - text >= 3; text += 3) {
      bits.put(literals_[static_cast<uint8_t>(text[0])]);
      bits.put(literals_[static_cast<uint8_t>(text[1])]);
      bits.put(literals_[static_cast<uint8_t>(text[2])]);
      bits.flush();
    }
    for (; text < literals_end; ++text) bits.put(literals_[static_cast<uint8_t>(*text)]);
    bits.flush();
    if (sequence.length == 0) continue;
    const LengthSymbol& length = kLengths[sequence.length];
    const DistanceSymbol distance = distance_symbol(sequence.distance);
    bits.put(literals_[length.symbol]);
    bits.put(length.extra, length.extra_bits);
    bits.put(distances_[distance.symbol]);
    bits.put(distance.extra, distance.extra_bits);
    bits.flush();
    text += sequence.length;
  }
  bits.put(literals_[kEndOfBlock]);
  bits.flush();
}

void Deflater::write_stored(Bits& bits, std::string_view text) const {
  while (!text.empty()) {
    const std::string_view part = text.substr(0, kStoredMax);
    bits.put(0, 3);
    bits.fill_byte();
    bits.put(part.size() | (~part.size() & 0xffff) << 16, 32);
    bits.flush();
    bits.put_bytes(part);
    text.remove_prefix(part.size());
  }
}

// --- The frame ---------------------------------------------------------------------------------

void Gzip::begin(PackedBytes& out) {
  // No name, no time; the fastest way; of no known system.
  constexpr char kHead[] = {'\x1f', '\x8b', 8, 0, 0, 0, 0, 0, 4, '\xff'};
  memcpy(out.grow(sizeof kHead), kHead, sizeof kHead);
  out.add(sizeof kHead);
  deflater_.begin();
  crc_ = bytes_ = 0;
}

void Gzip::block(std::string_view text, PackedBytes& out) {
  crc_ = libdeflate_crc32(crc_, text.data(), text.size());
  bytes_ += static_cast<uint32_t>(text.size());
  deflater_.block(text, out);
}

void Gzip::end(PackedBytes& out) {
  deflater_.end(out);
  const uint32_t tail[] = {crc_, bytes_};
  memcpy(out.grow(sizeof tail), tail, sizeof tail);
  out.add(sizeof tail);
}

void gzip(std::string_view text, PackedBytes& out) {
  const auto with = std::make_unique<Gzip>();  // too large for a thread's stack
  with->begin(out);
  with->block(text, out);
  with->end(out);
}

}  // namespace outrigger::keeper
