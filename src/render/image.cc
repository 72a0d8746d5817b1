#include "render/image.h"

#include <elf.h>
#include <string.h>

#include <algorithm>

#include "outrigger/internal/record.h"

// Where the linker put the file's own header: the image's first byte.
extern "C" [[gnu::visibility("hidden")]] const char __ehdr_start[];

namespace outrigger::render {
namespace {

// What the compiler puts behind a std::source_location, libstdc++ and libc++ alike.
struct SourceLocation {
  uintptr_t file;
  uintptr_t function;
  uint32_t line;
  uint32_t column;
};

// Addresses that come from records may fall between variables, where AddressSanitizer keeps its red
// zones. These two are the only functions that read there.
[[gnu::no_sanitize_address, gnu::noinline]] size_t bytes_before_zero(const char* begin,
                                                                     size_t limit) {
  size_t n = 0;
  while (n < limit && begin[n] != '\0') ++n;
  return n;
}
[[gnu::no_sanitize_address, gnu::noinline]] SourceLocation location_at(uintptr_t address) {
  SourceLocation location;
  auto* const to = reinterpret_cast<char*>(&location);
  using Byte = const volatile char;  // tidy: volatile because sanitizers watch memcpy
  auto* const from = reinterpret_cast<Byte*>(address);
  for (size_t i = 0; i < sizeof(location); ++i) to[i] = from[i];
  return location;
}

}  // namespace

Image Image::of_program() {
  Image image;
  image.base_ = reinterpret_cast<uintptr_t>(__ehdr_start);
  Elf64_Ehdr header;
  memcpy(&header, __ehdr_start, sizeof(header));
  const auto segment = [&](size_t index) {
    Elf64_Phdr found;
    memcpy(&found, __ehdr_start + header.e_phoff + index * header.e_phentsize, sizeof(found));
    return found;
  };
  // The header is the first byte of the first loaded segment, whatever address the file was linked
  // for.
  uintptr_t linked_at = UINTPTR_MAX;
  for (size_t i = 0; i < header.e_phnum; ++i) {
    const Elf64_Phdr found = segment(i);
    if (found.p_type == PT_LOAD) linked_at = std::min<uintptr_t>(linked_at, found.p_vaddr);
  }
  for (size_t i = 0; i < header.e_phnum; ++i) {
    const Elf64_Phdr found = segment(i);
    if (found.p_type != PT_GNU_RELRO && (found.p_type != PT_LOAD || (found.p_flags & PF_R) == 0))
      continue;
    const bool writable = found.p_type == PT_LOAD && (found.p_flags & PF_W) != 0;
    image.add(image.base_ + found.p_vaddr - linked_at, found.p_memsz,
              writable ? Kind::kWritable : Kind::kReadOnly);
  }
  return image;
}

Image::Image(std::string_view bytes) {
  base_ = reinterpret_cast<uintptr_t>(bytes.data());
  add(base_, bytes.size(), Kind::kReadOnly);
}

void Image::add(uintptr_t begin, size_t size, Kind kind) {
  if (count_ < ranges_.size()) ranges_[count_++] = {begin, begin + size, kind};
}

size_t Image::constant_at(uintptr_t address) const {
  for (size_t i = 0; i < count_; ++i) {
    const Range& range = ranges_[i];
    if (range.kind == Kind::kReadOnly && address >= range.begin && address < range.end)
      return range.end - address;
  }
  return 0;
}

size_t Image::readable_at(uintptr_t address) const {
  for (size_t i = 0; i < count_; ++i)
    if (address >= ranges_[i].begin && address < ranges_[i].end) return ranges_[i].end - address;
  return 0;
}

const char* Image::text(uintptr_t address, size_t& length) const {
  const size_t readable = std::min(constant_at(address), kConstantTextMax + 1);
  if (readable == 0) return nullptr;
  const char* const begin = reinterpret_cast<const char*>(address);
  length = bytes_before_zero(begin, readable);
  return length < readable ? begin : nullptr;
}

const char* Image::text_at(uint32_t offset, size_t& length) const {
  return text(base_ + offset, length);
}

bool Image::site_at(uint32_t offset, Site& site) const {
  const uintptr_t address = base_ + offset;
  if (readable_at(address) < sizeof(SourceLocation)) return false;
  const SourceLocation location = location_at(address);
  // A template's function name may be of any length; it is not shown.
  if (constant_at(location.function) == 0) return false;
  size_t length = 0;
  const char* const file = text(location.file, length);
  if (file == nullptr) return false;
  site = {{file, length}, location.line};
  return true;
}

bool Image::types_at(uint32_t offset, std::span<const uint8_t>& types) const {
  using internal::ArgumentType;
  const uintptr_t address = base_ + offset;
  const size_t readable = std::min(constant_at(address), internal::kRecordArgumentsMax + 1);
  const auto* const begin = reinterpret_cast<const uint8_t*>(address);
  const size_t count = bytes_before_zero(reinterpret_cast<const char*>(address), readable);
  if (count == readable) return false;
  for (size_t i = 0; i < count; ++i)
    if (begin[i] > static_cast<uint8_t>(ArgumentType::kLast)) return false;
  types = {begin, count};
  return true;
}

}  // namespace outrigger::render
