// From the bytes of a record to an entry, and from an entry to a line.
//
//     Decoder decoder(Image::of_program());
//     Entry entry = decoder.decode(record, time_ns);
//     char* end = json.append(room, entry);     // room has at least bytes_max(entry) bytes
//
// The bytes may be hostile: the service may have died anywhere, or be corrupt. A record whose
// constants or lengths do not hold becomes an entry that says so; nothing here fails or throws, and
// nothing allocates once a call site is known. Not thread-safe; each object belongs to one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "render/plan.h"
#include "render/time_text.h"
#include "segment/layout.h"
#include "segment/reader.h"

namespace outrigger::render {

// Entries that do not come out of a ring have a name where others have the number of their ring.
inline constexpr uint32_t kKeeperRing = segment::kSources;      // the keeper's own
inline constexpr uint32_t kStdoutRing = segment::kSources + 1;  // a line that the service printed
inline constexpr uint32_t kStderrRing = segment::kSources + 2;
inline constexpr uint32_t kEntrySources = segment::kSources + 3;
// As an entry shows it: "3", "keeper".
std::string ring_name(uint32_t ring);

// What an entry has from its surroundings (log_context.h). Views into the record.
struct EntryContext {
  bool present = false;
  bool has_trace = false;
  const uint8_t* trace_id = nullptr;  // 16 bytes
  const uint8_t* span_id = nullptr;   // 8 bytes
  std::string_view module;
  const char* fields = nullptr;  // as in the record; checked by the decoder
  size_t field_count = 0;
  size_t bytes = 0;  // of the block
};

// Views into the record and into the decoder's plans: valid until the record goes or the next
// decode().
struct Entry {
  int64_t time_ns = 0;  // since 1970
  uint32_t level = 0;   // 0..5
  const Plan* plan = nullptr;
  const char* words = nullptr;  // eight bytes each, as many as the plan has arguments
  const char* texts = nullptr;
  size_t text_bytes = 0;
  uint32_t ring = 0;
  uint32_t generation = 0;
  uint64_t sequence = 0;
  int32_t thread_id = 0;
  std::string_view thread_name;
  EntryContext context;
};

class Decoder {
 public:
  explicit Decoder(const Image& image);

  Entry decode(const segment::RawRecord& record, int64_t time_ns);

  uint64_t unreadable() const { return unreadable_; }  // records shown as such

 private:
  bool decode_image(const segment::RawRecord& record, const internal::RecordHeader& header,
                    size_t at, Entry& entry);
  bool decode_copied(const segment::RawRecord& record, const internal::RecordHeader& header,
                     size_t at, Entry& entry);

  PlanCache cache_;
  std::unique_ptr<Plan> unreadable_plan_;
  uint64_t unreadable_ = 0;
};

// What either renderer writes at most for this entry, kSlack included.
size_t bytes_max(const Entry& entry);

// One line of JSON (docs/reference, "Logs"), line feed included.
class JsonLines {
 public:
  explicit JsonLines(uint64_t boot);
  // Returns the end of what it wrote.
  char* append(char* to, const Entry& entry);

 private:
  // What is the same for all entries of one thread.
  struct Key {
    uint32_t ring = 0;
    uint32_t generation = 0;
    int32_t thread_id = 0;
    char thread_name[16] = {};
    uint32_t bytes = 0;  // 0: not made yet
    std::array<char, 224> text;
  };
  const Key& key_of(const Entry& entry);

  TimeText time_;
  uint64_t boot_;
  std::array<Key, kEntrySources> keys_{};
};

enum class Colours { kNone, kAnsi };

// One line for people, line feed included:
//   2026-11-24T01:42:32.123Z INFO  probed https://example.org in 12.1 ms (probe.cc:41)
class TextLines {
 public:
  explicit TextLines(Colours colours) : colours_(colours) {}
  char* append(char* to, const Entry& entry);

 private:
  TimeText time_;
  Colours colours_;
};

}  // namespace outrigger::render
