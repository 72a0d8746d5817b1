#include "service/nearest.h"

#include <algorithm>
#include <limits>

namespace outrigger::service {
namespace {

// A word from a command line may be megabytes long; what lies behind this does not make it more
// alike.
constexpr size_t kWordBytesMax = 64;

}  // namespace

size_t edits(std::string_view from, std::string_view to) {
  from = from.substr(0, kWordBytesMax);
  to = to.substr(0, kWordBytesMax);
  // Three rows of the usual table: two back for swaps, one back, this one.
  std::vector<size_t> before(to.size() + 1), above(to.size() + 1), row(to.size() + 1);
  for (size_t j = 0; j <= to.size(); ++j) above[j] = j;
  for (size_t i = 1; i <= from.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= to.size(); ++j) {
      const bool same = from[i - 1] == to[j - 1];
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(above);
    above.swap(row);
  }
  return above[to.size()];
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  std::string best;
  size_t fewest = std::numeric_limits<size_t>::max();
  for (const std::string& candidate : known) {
    const bool cut_short = word.size() > 1 && candidate.starts_with(word) && candidate != word;
    const size_t distance = cut_short ? 1 : edits(word, candidate);
    if (distance < fewest) {
      fewest = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace outrigger::service
