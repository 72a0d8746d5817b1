// Reading back what a logger wrote, and judging it against its own count.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <map>
#include <string>
#include <vector>

#include "counts.h"
#include "harness.h"

namespace outrigger::whole {

class CountsFile {
 public:
  CountsFile() {
    const int fd = open(path().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    EXPECT_EQ(ftruncate(fd, sizeof(Counts)), 0);
    counts_ = static_cast<Counts*>(
        mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    close(fd);
  }
  ~CountsFile() { munmap(counts_, sizeof(Counts)); }
  std::string path() const { return scratch_.path("counts"); }
  Counts* operator->() const { return counts_; }

 private:
  Scratch scratch_;
  Counts* counts_;
};

// Nanoseconds of a call that so many of a hundred bursts stayed below; printed, since wall times
// gate nothing.
inline int cost_percentile(const CountsFile& counts, int phase, int percent) {
  uint64_t all = 0, sum = 0;
  for (const auto& n : counts->cost[phase]) all += n.load();
  for (int ns = 0; ns < kCostNsMax; ++ns) {
    sum += counts->cost[phase][ns].load();
    if (sum * 100 >= all * static_cast<uint64_t>(percent)) return ns;
  }
  return kCostNsMax;
}

struct Logged {
  std::map<int64_t, std::vector<int64_t>> lines;  // thread -> numbers, in the order of the output
  int64_t dropped = 0;                            // as entries of the log itself say
};

inline Logged parse(std::string_view output) {
  Logged logged;
  for_each_line(output, [&](std::string_view line) {
    const auto n = json_number(line, "n");
    const auto t = json_number(line, "t");
    if (n && t) logged.lines[*t].push_back(*n);
    if (json_text(line, "message").starts_with("dropped "))
      logged.dropped += json_number(line, "count").value_or(0);
  });
  return logged;
}

// For each thread: in order, none twice; all together: output + counted drops = calls returned, and
// at most one call a thread that was under way.
inline void expect_nothing_lost(const Logged& logged, const CountsFile& counts, int threads) {
  int64_t returned = 0, written = 0;
  for (int t = 0; t < threads; ++t) {
    returned += static_cast<int64_t>(counts->returned[t].load());
    const auto found = logged.lines.find(t);
    if (found == logged.lines.end()) continue;
    const std::vector<int64_t>& lines = found->second;
    written += static_cast<int64_t>(lines.size());
    for (size_t i = 1; i < lines.size(); ++i) {
      ASSERT_GT(lines[i], lines[i - 1]) << "thread " << t << ": twice or out of order";
    }
    EXPECT_LE(lines.back(), static_cast<int64_t>(counts->returned[t].load())) << "thread " << t;
  }
  EXPECT_GE(written + logged.dropped, returned);
  EXPECT_LE(written + logged.dropped, returned + threads);
}

}  // namespace outrigger::whole
