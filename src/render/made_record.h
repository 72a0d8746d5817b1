// A record made by hand, its constants inside: for entries that come from no log call, such as the
// keeper's own and the lines that a service prints. Reuses its memory; belongs to one thread.
//
//     made.begin(kWarn, "dropped {count} entries", {});
//     made.add(uint64_t{1204});
//     decoder.decode(made.finish(), time_ns);
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "outrigger/internal/record.h"
#include "render/image.h"
#include "segment/reader.h"

namespace outrigger::render {

class MadeRecord {
 public:
  // Format and file are cut to kConstantTextMax.
  void begin(uint32_t level, std::string_view format, const Site& site);
  void add(uint64_t number) { add(internal::ArgumentType::kUnsigned, number); }
  void add(std::string_view text);
  void add(internal::ArgumentType type, uint64_t word);

  // The bytes stay valid until the next begin(). Ring, sequence and thread are the caller's to fill
  // in.
  segment::RawRecord finish();

 private:
  uint32_t level_ = 0;
  Site site_;
  std::string_view format_;
  size_t count_ = 0;
  std::array<uint8_t, internal::kRecordArgumentsMax> types_{};
  std::array<uint64_t, internal::kRecordArgumentsMax> words_{};
  std::vector<char> texts_;
  std::vector<char> bytes_;
};

}  // namespace outrigger::render
