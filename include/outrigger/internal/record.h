// The bytes of one log record, as a call site writes them into its ring.
//
//   0   u32  size_level   bits 0..22 size in bytes, header included, a multiple of 8; bit 23: a
//                         context block follows the header; bits 24..31 level, or kPadding: skip
//                         `size` bytes (the ring's rest before it wraps)
//   4   u32  format       address of the format string, relative to the image; 0: "copied text"
//   8   u32  site         address of the call's source location (the compiler's own constant)
//   12  u32  types        address of the list of argument types (one byte each, 0 ends it)
//   16  u64  ticks        base/clock.h
//   24  u64  sequence     number of this call in its ring's generation; dropped calls consume
//                         numbers too
//   32  u64[n]            one word an argument: the value itself; for text its length in bytes
//   ..  bytes             the texts' bytes, one after another, unaligned
//
// Copied text: a call in code that is not part of the executable's image (a dlopen'ed library)
// cannot name its constants by image-relative addresses. Then format == 0, site holds the line
// number, types the number of arguments, and the record continues
//   32  u16 type_bytes, u16 format_bytes, u16 file_bytes, u16 0; then types, format, file; padded
//       to 8; then words and bytes as above.
//
// Context block: trace, module and fields that the entry has from its surroundings. It lies between
// the header and all that follows:
//   0   u16  bytes        of the block, a multiple of 8
//   2   u8   has_trace    1: the two identities below count
//   3   u8   module_bytes
//   4   u8   fields       how many
//   8   u8[16] trace_id, u8[8] span_id
//   32  fields, one after another: u8 type, u8 name_bytes, u16 value_bytes; the name; the value (8
//       bytes, or the text's)
//   ..  the module's name
//
// What this layout does badly: 32 bytes of header are much for a record of one number; a value
// smaller than eight bytes still takes a word; nothing is compressed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace outrigger::internal {

inline constexpr size_t kRecordHeaderBytes = 32;
inline constexpr size_t kRecordBytesMax = 64u << 10;
inline constexpr uint32_t kRecordSizeMask = (1u << 23) - 1;
inline constexpr uint32_t kRecordContext = 1u << 23;
inline constexpr uint32_t kRecordLevelShift = 24;
inline constexpr uint32_t kRecordPadding = 0xff;
inline constexpr size_t kRecordArgumentsMax = 32;

struct RecordHeader {
  uint32_t size_level;
  uint32_t format;
  uint32_t site;
  uint32_t types;
  uint64_t ticks;
  uint64_t sequence;
};
static_assert(sizeof(RecordHeader) == kRecordHeaderBytes);

inline constexpr size_t kModuleNameMax = 31;
inline constexpr size_t kContextBytesMax = 256;  // without a module's name

struct ContextHead {
  uint16_t bytes;
  uint8_t has_trace;
  uint8_t module_bytes;
  uint8_t fields;
  uint8_t reserved[3];
  uint8_t trace_id[16];
  uint8_t span_id[8];
};
static_assert(sizeof(ContextHead) == 32);

struct ContextField {
  uint8_t type;  // ArgumentType
  uint8_t name_bytes;
  uint16_t value_bytes;
};
static_assert(sizeof(ContextField) == 4);

// The closed list of argument types. Values are part of the ABI between a service and its keeper.
enum class ArgumentType : uint8_t {
  kEnd = 0,
  kBool = 1,
  kChar = 2,
  kSigned = 3,    // int64_t
  kUnsigned = 4,  // uint64_t
  kFloat = 5,     // float, its 32 bits in the low half
  kDouble = 6,
  kPointer = 7,  // the address as a number, never followed
  kText = 8,     // length in the word, bytes behind
  kNanoseconds = 9,
  kMicroseconds = 10,
  kMilliseconds = 11,
  kSeconds = 12,
  kMinutes = 13,
  kHours = 14,
  kTime = 15,       // system clock, nanoseconds since 1970
  kFormatted = 16,  // like kText, but the call has applied the field's spec already
  kLast = kFormatted,
};

}  // namespace outrigger::internal
