// What tells samples of one stack apart: the thread's name, and what the program has tagged them
// with. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "segment/sample_reader.h"

namespace outrigger::pprof {

using Labels = std::vector<std::pair<std::string, std::string>>;  // key and value, each key once

// The sample's own, control characters replaced; of labels with one key the last.
Labels labels_of(const segment::Sample& sample);

// Each different set once, by number; 0 has none.
class LabelSets {
 public:
  static constexpr size_t kMax = 4096;

  // 0 when there is no room, which is counted.
  uint32_t add(const Labels& labels);

  const std::vector<Labels>& all() const { return all_; }
  uint64_t refused() const { return refused_; }

 private:
  std::map<Labels, uint32_t> numbers_;
  std::vector<Labels> all_{1};
  uint64_t refused_ = 0;
};

}  // namespace outrigger::pprof
