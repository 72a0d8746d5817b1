// DEFLATE (RFC 1951) for text that repeats itself: bodies of log lines. One pass finds what was
// there before, mostly in the line before, and does not look again at what it has passed over, which
// general libraries do; docs/decisions/2026-11-24-gzip.md has the numbers.
//
// Each block is compressed by itself: nothing of an earlier one is looked back at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "keeper/huffman.h"

namespace outrigger::keeper {

// Bytes that grow without being set to zero first.
class PackedBytes {
 public:
  char* grow(size_t bytes);  // room for so many at end()
  void add(size_t bytes) { size_ += bytes; }
  void clear() { size_ = 0; }
  void free();
  std::string_view text() const { return {bytes_.get(), size_}; }
  size_t size() const { return size_; }

 private:
  std::unique_ptr<char[]> bytes_;
  size_t size_ = 0;
  size_t room_ = 0;
};

class Deflater {
 public:
  // Enough that the tables of codes in front are few, and that a block is still in the processor's
  // cache when it is written out.
  static constexpr size_t kBlockBytes = 128u << 10;

  Deflater();

  // A stream at the end of `out`. Texts of any length; kBlockBytes a call are best.
  void begin();
  void block(std::string_view text, PackedBytes& out);
  void end(PackedBytes& out);

 private:
  // So many literals, then a match.
  struct Sequence {
    uint32_t literals;
    uint16_t length;  // 0: none, at the end
    uint16_t distance;
  };
  struct Run {
    uint8_t symbol;
    uint8_t extra;
    uint8_t extra_bits;
  };
  static constexpr size_t kSequencesMax = 12u << 10;
  static constexpr unsigned kHashBits = 12;
  static constexpr size_t kLiteralSymbols = 286;
  static constexpr size_t kDistanceSymbols = 30;
  static constexpr size_t kLengthSymbols = 19;

  class Bits;

  size_t find(const char* text, size_t size);
  void add(const char* literals, size_t count, size_t length, size_t distance);
  void write(std::string_view text, PackedBytes& out);
  void make_header();
  uint64_t bits_of_block() const;
  void write_packed(Bits& bits, const char* text) const;
  void write_stored(Bits& bits, std::string_view text) const;

  std::unique_ptr<Sequence[]> sequences_;
  size_t sequence_count_ = 0;
  uint32_t literal_counts_[kLiteralSymbols];
  uint32_t distance_counts_[kDistanceSymbols];
  Code literals_[kLiteralSymbols];
  Code distances_[kDistanceSymbols];
  struct Header {
    size_t literals;  // how many symbols have a code, the last one included
    size_t distances;
    size_t runs;
    Run run[kLiteralSymbols + kDistanceSymbols];
    Code codes[kLengthSymbols];
  } header_;
  uint32_t last_at_[1u << kHashBits];
  // Bits that do not fill a byte yet.
  uint64_t pending_ = 0;
  unsigned pending_count_ = 0;
};

// The same in gzip's frame (RFC 1952).
class Gzip {
 public:
  void begin(PackedBytes& out);
  void block(std::string_view text, PackedBytes& out);
  void end(PackedBytes& out);

 private:
  Deflater deflater_;
  uint32_t crc_ = 0;
  uint32_t bytes_ = 0;
};
// All of a text, at the end of `out`; for what is not done often.
void gzip(std::string_view text, PackedBytes& out);

}  // namespace outrigger::keeper
