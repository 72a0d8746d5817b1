// A plan: what a log call's constants say, taken apart once. It holds the pieces of the format
// string, ready for text and escaped for JSON, how each argument is shown, and the source.
//
// The call checked its format string when it was compiled; here everything is checked again, since
// nothing that comes through the segment is believed. A format that cannot be parsed is shown as it
// is; a spec that does not fit its argument is left out.
//
// Not thread-safe: a PlanCache and its plans belong to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "outrigger/internal/record.h"
#include "render/image.h"

namespace outrigger::render {

inline constexpr unsigned kWidthMax = 1024;  // of a field, and of its precision

// [[fill]align][sign][#][0][width][.precision][type], as in fmt and std::format.
struct Spec {
  char fill[4] = {' ', 0, 0, 0};
  uint8_t fill_bytes = 1;
  char align = 0;  // '<', '>', '^', 0: the type's own
  char sign = 0;   // '+', ' ', 0
  bool alternate = false;
  bool zero = false;
  uint16_t width = 0;
  int16_t precision = -1;
  char type = 0;
};

// How an argument becomes text: the frequent ways have code of their own, the rest is fmt's.
enum class Style : uint8_t {
  kUnsigned,
  kSigned,
  kText,
  kFixed,    // floating point, a fixed number of decimals
  kPlain,    // by its type, no spec
  kPadded,   // by its type, then filled up to a width
  kGeneral,  // numbers with a spec: fmt
};

struct Argument {
  internal::ArgumentType type = internal::ArgumentType::kUnsigned;
  Style style = Style::kPlain;
  Spec spec;
  std::string_view name;       // empty: no field of the entry
  std::string_view json_name;  // ,"name":
};

// A stretch of constant text, then perhaps an argument.
struct Piece {
  static constexpr uint32_t kNone = UINT32_MAX;
  std::string_view text;  // escaped for a line of text
  std::string_view json;  // escaped for a JSON string
  std::string_view raw;
  uint32_t argument = kNone;
};

struct Plan {
  std::vector<Piece> pieces;
  std::vector<Argument> arguments;
  bool has_fields = false;
  std::string_view source;       // "main.cc:41", may be empty
  std::string_view json_source;  // ","source":"main.cc:41"
  std::string_view text_source;  //  (main.cc:41)
  // What a rendered entry needs at most, not counting kBytesPerTextByte for each byte of its texts.
  size_t bytes_max = 0;

  // Views above point in here. Room behind each allows copies in blocks.
  std::unique_ptr<char[]> arena;
};

// One byte of an argument can become this many: in the message and again in its field, each as
// \u00xx.
inline constexpr size_t kBytesPerTextByte = 12;
// Behind every view of a plan so many bytes may be read, and behind every entry's bound be written.
inline constexpr size_t kSlack = 32;

// Takes the constants of a call apart. Never fails.
std::unique_ptr<Plan> make_plan(std::string_view format, std::span<const uint8_t> types,
                                const Site& site);

// Parses the part of a field behind its colon. False when it is not of that grammar or beyond the
// bounds.
bool parse_spec(std::string_view text, Spec& spec);

class PlanCache {
 public:
  static constexpr size_t kPlansMax = 4096;
  static constexpr size_t kCopiedPlansMax = 1024;  // of calls whose constants travel in the record

  explicit PlanCache(const Image& image);

  // By the image-relative addresses of a record. nullptr when they do not name constants of this
  // image. A plan stays valid until the next call of either function.
  const Plan* find(uint32_t format, uint32_t site, uint32_t types);
  // By the constants themselves.
  const Plan* find_copied(std::string_view format, std::span<const uint8_t> types,
                          const Site& site);

  size_t size() const { return count_ + copied_.size(); }

 private:
  struct Slot {
    uint32_t format = 0;  // 0: free
    uint32_t site = 0;
    uint32_t types = 0;
    std::unique_ptr<Plan> plan;
  };
  size_t place_of(uint32_t format, uint32_t site, uint32_t types) const;
  void grow();

  Image image_;
  std::vector<Slot> slots_;  // a power of two, never more than half full
  size_t count_ = 0;
  std::unordered_map<std::string, std::unique_ptr<Plan>> copied_;
  std::string key_;
};

}  // namespace outrigger::render
