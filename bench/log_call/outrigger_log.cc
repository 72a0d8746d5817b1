// log::info() into a segment, with a reader on another thread that drains as the keeper does.
#include <memory>
#include <utility>

#include "base/clock.h"
#include "harness.h"
#include "log/attach.h"
#include "outrigger/log.h"
#include "segment/layout.h"
#include "segment/mapping.h"
#include "segment/reader.h"

namespace outrigger::bench {
namespace {

class Drain {
 public:
  Drain() {
    char why[256];
    void* base = segment::map(segment::create(why, sizeof(why)));
    if (base == nullptr) abort();
    log::attach(base);
    view_ = segment::View(base);
    thread_ = std::thread([this] { run(); });
  }
  ~Drain() {
    stop_.store(true);
    thread_.join();
    const uint64_t dropped = view_.ring(0).dropped[2].load();
    if (dropped != 0) fprintf(stderr, "outrigger: %lu calls were dropped\n", dropped);
  }

 private:
  void run() {
    log::set_when_full(log::WhenFull::kDrop);
    auto reader = std::make_unique<segment::Reader>(view_, -1);
    uint64_t looked_at = 0;
    while (!stop_.load(std::memory_order_relaxed)) {
      reader->begin(std::exchange(looked_at, base::ticks()), false);
      segment::RawRecord record;
      while (reader->next(record)) benchmark::DoNotOptimize(record.bytes);
      reader->release();
      // As the keeper does: a round each 100 us, so that the marks' cache lines stay with the
      // writer meanwhile, and only what was there at the last one.
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
  }
  segment::View view_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

struct Outrigger {
  static std::string name() { return "outrigger"; }
  static Drain& drain() {
    static Drain instance;
    return instance;
  }
  static void prepare() {
    drain();
    log::prepare_thread();
  }
  static void call(uint64_t id, const std::string& name, double price) {
    log::info("order {} placed by {} for {:.2f}", id, name, price);
  }
};

[[maybe_unused]] const int registered = register_peer<Outrigger>();

}  // namespace
}  // namespace outrigger::bench
