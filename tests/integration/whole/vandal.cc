// A service that has been taken over: from POST /attack on it writes what it likes into all of the memory
// that it shares with its keeper, makes holes in it, and rings the keeper's bell. Beside that it logs and
// counts as any other does, so that what is right and what is not are mixed.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <iterator>
#include <random>
#include <string>
#include <thread>

#include "outrigger/outrigger.h"
#include "segment/crash.h"
#include "segment/layout.h"
#include "segment/mapping.h"
#include "segment/metrics.h"
#include "segment/samples.h"
#include "supervisor/crew.h"

namespace vandal {

using namespace outrigger;

constexpr size_t kPage = segment::kPage;

struct Region {
  size_t at;
  size_t bytes;
};

// Where a word decides something is attacked as often as where there are millions of them.
const Region* regions() {
  static const segment::MetricLayout layout = segment::metric_layout();
  static const Region all[] = {
      {segment::kHeaderAt, segment::kServiceStateAt},  // header, supervision, control
      {segment::kServiceStateAt, sizeof(segment::ServiceState)},
      {segment::kCrashAt, sizeof(segment::CrashPage)},
      {segment::kDeclarationsAt, segment::kHealthAt - segment::kDeclarationsAt},
      {segment::kHealthAt, sizeof(segment::HealthTable)},
      {segment::kRingControlsAt, segment::kRings * sizeof(segment::RingControl)},
      {segment::kOverflowAt, sizeof(segment::OverflowQueue)},
      {segment::kSamplesAt, 64 * kPage},
      {segment::kSamplesAt, segment::kSampleBytes},
      {segment::kRingDataAt, 16 * kPage},
      {segment::kRingDataAt, segment::kRings * segment::kRingBytes},
      {segment::kMetricsAt, 8 * kPage},
      {segment::kMetricsAt, layout.cells_at()},
      {segment::kMetricsAt + layout.cells_at(), layout.bytes() - layout.cells_at()},
      {0, segment::segment_bytes()},
  };
  return all;
}
constexpr size_t kRegions = 15;

class Vandal {
 public:
  Vandal(char* base, int bell, uint64_t seed) : base_(base), bell_(bell), random_(seed) {}

  // A few hundred words, or a hole. What is real is put in between by other threads.
  void strike() {
    const Region region = regions()[below(kRegions)];
    switch (below(8)) {
      case 0: return dig(region);
      case 1: return copy(region);
      case 2: return fill(region);
      case 3: return pretend();
      default: break;
    }
    const size_t words = 1 + below(256);
    size_t at = region.at + below(region.bytes);
    const bool near = below(2) == 0;
    for (size_t i = 0; i < words; ++i) {
      if (!near) at = region.at + below(region.bytes);
      put(at & ~size_t{7}, value());
      at += 8;
    }
  }

 private:
  uint64_t below(uint64_t bound) { return random_() % bound; }

  uint64_t value() {
    constexpr uint64_t kTelling[] = {0,     1,          2,          3,        7,        8,
                                     64,    4096,       1u << 20,   1u << 31, 1u << 16, 0xffff,
                                     ~0ull, ~0ull >> 1, 1ull << 63, ~7ull,    24,       40};
    const uint64_t random = random_();
    switch (below(6)) {
      case 0: return random;
      case 1: return kTelling[random % std::size(kTelling)];
      case 2: return random >> (random & 63);
      case 3:  // half words
        return kTelling[random % std::size(kTelling)] << 32 |
               (kTelling[random_() % std::size(kTelling)] & 0xffffffff);
      case 4:  // into the program: constants, formats, code
        return reinterpret_cast<uint64_t>(&regions) - (8u << 20) + random % (16u << 20);
      default:  // what stands elsewhere
        return load(below(segment::segment_bytes()) & ~size_t{7}) + (random & 15) - 8;
    }
  }

  std::atomic<uint64_t>& word(size_t at) {
    return *reinterpret_cast<std::atomic<uint64_t>*>(base_ + at);
  }
  uint64_t load(size_t at) { return word(at).load(std::memory_order_relaxed); }
  void put(size_t at, uint64_t value) {
    if (at + 8 <= segment::segment_bytes()) word(at).store(value, std::memory_order_relaxed);
  }

  void dig(const Region& region) {
    const size_t from = (region.at + below(region.bytes)) & ~(kPage - 1);
    const size_t pages = 1 + below(16);
    const size_t to = std::min(from + pages * kPage, segment::segment_bytes() & ~(kPage - 1));
    if (from < to && madvise(base_ + from, to - from, MADV_REMOVE) == 0) ++holes;
  }

  void copy(const Region& region) {
    const Region other = regions()[below(kRegions)];
    const size_t bytes = 8 * (1 + below(512));
    const size_t from = (other.at + below(other.bytes)) & ~size_t{7};
    const size_t to = (region.at + below(region.bytes)) & ~size_t{7};
    if (from + bytes > segment::segment_bytes()) return;
    for (size_t i = 0; i < bytes; i += 8) put(to + i, load(from + i));
  }

  void fill(const Region& region) {
    const size_t at = (region.at + below(region.bytes)) & ~size_t{7};
    const uint64_t what = value();
    for (size_t i = 0; i < 8 * (1 + below(512)); i += 8) put(at + i, what);
  }

  // States that say: here is something to be read.
  void pretend() {
    const segment::View view(base_);
    const auto one = static_cast<uint32_t>(below(5));
    switch (below(7)) {
      case 0: view.service().crash_state.store(one); break;
      case 1: view.service().phase.store(one); break;
      case 2:
        for (auto& state : segment::samples(view).states)
          if (below(8) == 0) state.store(one);
        break;
      case 3: view.ring(below(segment::kRings)).state.store(one); break;
      case 4: {
        segment::OverflowQueue& queue = view.overflow();
        const uint64_t ticket = queue.dequeue.load();
        for (uint64_t i = 0; i < 64; ++i)
          queue.cells[(ticket + i) % segment::kOverflowCells].turn.store(
              (ticket + i) / segment::kOverflowCells * 2 + below(2));
        queue.enqueue.store(ticket + below(4096));
        break;
      }
      case 5: {
        segment::RingControl& ring = view.ring(below(segment::kRings));
        ring.write.store(ring.read.load() + 8 * below(segment::kRingBytes / 8));
        break;
      }
      default: {
        const uint64_t ring = 1;
        [[maybe_unused]] const ssize_t rung = write(bell_, &ring, sizeof ring);
      }
    }
  }

  char* const base_;
  const int bell_;
  std::mt19937_64 random_;

 public:
  uint64_t holes = 0;
};

// What a service may try on the descriptors of the memory that it has: to make the keeper's mapping
// reach beyond the end of the file. The number of those for which the kernel allows it.
int shrunk() {
  int count = 0;
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const std::string name = std::filesystem::read_symlink(each, error).string();
    if (!name.starts_with("/memfd:outrigger-")) continue;
    const int fd = std::stoi(each.path().filename().string());
    count += ftruncate(fd, 4096) == 0 ? 1 : 0;
  }
  return count;
}

std::atomic<uint64_t> g_strikes{0};
std::atomic<uint64_t> g_holes{0};

void attack(uint64_t seed) {
  const supervisor::Crew& crew = supervisor::crew();
  Vandal vandal(static_cast<char*>(crew.segment), crew.card.keeper_bell, seed);
  for (;;) {
    for (int i = 0; i < 200; ++i) vandal.strike();
    g_strikes += 200;
    g_holes = vandal.holes;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

}  // namespace vandal

int main(int argc, char** argv) {
  using namespace outrigger;
  using namespace vandal;
  Service service{{.name = "vandal", .about = "Is taken over."}};
  auto strikes = metrics::counter("Strikes", {.help = "What was written over"});
  auto sizes = metrics::histogram("Sizes", {.help = "Of something"});
  service.check("always", {.every = std::chrono::seconds(1)}, [] { return pass(); });
  service.operation("attack", "Writes into the shared memory until the end.")
      .arg<int64_t>("seed", "of what is written")
      .does([=](int64_t seed) -> Result<Json> {
        static std::atomic<bool> began{false};
        if (began.exchange(true)) return bad_input("seed", "", "one attack");
        std::thread([=] {
          for (uint64_t i = 0;; ++i) {
            log::info("entry {number} of {kind}", i, "the usual kind");
            strikes.add();
            sizes.observe(static_cast<double>(i % 10'000));
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
          }
        }).detach();
        std::thread([seed] { attack(static_cast<uint64_t>(seed)); }).detach();
        return Json{{"shrunk", shrunk()}};
      });
  service.operation("strikes", "How much was written.").read_only().does([]() -> Result<Json> {
    return Json{{"strikes", static_cast<int64_t>(g_strikes.load())},
                {"holes", static_cast<int64_t>(g_holes.load())}};
  });
  return run(argc, argv, service);
}
