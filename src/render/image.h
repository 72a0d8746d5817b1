// The executable's own read-only data, where the constants of log calls lie: format strings, source
// locations, argument types. All roles run the same file, so an address relative to the image means
// the same in each, and a record can name its constants by numbers that the reader checks and then
// reads from its own mapping.
//
// Value type; all questions may be asked from any thread, and from signal handlers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace outrigger::render {

// A longer format string or file name is no constant of ours.
inline constexpr size_t kConstantTextMax = 4096;

struct Site {
  std::string_view file;
  uint32_t line = 0;
};

class Image {
 public:
  // That of the running program. Ranges: segments that are not writable, and what is made read-only
  // after relocation.
  static Image of_program();

  // For tests: one range, which is the whole image.
  explicit Image(std::string_view bytes);

  // The text at that offset: inside read-only data, ended by a NUL there, not longer than
  // kConstantTextMax. nullptr otherwise; an empty text is not nullptr.
  const char* text_at(uint32_t offset, size_t& length) const;

  // The compiler's constant behind a std::source_location. GCC puts it among the writable data, so
  // for these few words that is good enough: the mapping is the reader's own. What its pointers
  // lead to must be read-only data again.
  bool site_at(uint32_t offset, Site& site) const;

  // The list of argument types, its closing zero not included. False when it is not wholly in
  // read-only data, is longer than a record may have, or names a type that does not exist.
  bool types_at(uint32_t offset, std::span<const uint8_t>& types) const;

 private:
  enum class Kind { kReadOnly, kWritable };
  struct Range {
    uintptr_t begin;
    uintptr_t end;
    Kind kind;
  };
  Image() = default;
  void add(uintptr_t begin, size_t size, Kind kind);
  // Bytes from `address` to the end of its range, 0 when it lies in none.
  size_t constant_at(uintptr_t address) const;
  size_t readable_at(uintptr_t address) const;
  const char* text(uintptr_t address, size_t& length) const;

  uintptr_t base_ = 0;
  std::array<Range, 12> ranges_{};
  size_t count_ = 0;
};

}  // namespace outrigger::render
