// N log calls into a prepared ring; callgrind counts the instructions of two Ns, and the difference
// is what calls cost.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "log/attach.h"
#include "outrigger/log.h"
#include "segment/layout.h"
#include "segment/mapping.h"

int main(int, char** argv) {
  using namespace outrigger;
  char why[256];
  void* const base = segment::map(segment::create(why, sizeof(why)));
  if (base == nullptr) return 1;
  log::attach(base);
  log::prepare_thread();
  segment::RingControl& ring = segment::View(base).ring(0);
  const uint64_t calls = strtoull(argv[1], nullptr, 10);
  const std::string name = "sixteen_char_str";
  double price = 3.25;
  for (uint64_t id = 0; id < calls;) {
    for (int i = 0; i < 1000; ++i, ++id) {
      log::info("order {} placed by {} for {:.2f}", id, name, price);
      asm volatile("" : "+m"(price));
    }
    ring.read.store(ring.write.load());  // a keeper that has read it all
  }
  return ring.dropped[2].load() == 0 ? 0 : 1;
}
