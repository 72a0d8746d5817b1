// A corrupt service: the input is scribbled over the segment while the keeper's reader reads it.
// The reader has to come to an end, stay within its bounds and give out only records that are
// well-formed.
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>

#include "outrigger/internal/record.h"
#include "segment/layout.h"
#include "segment/mapping.h"
#include "segment/metric_reader.h"
#include "segment/reader.h"

namespace {

using namespace outrigger;

// Offsets that decide something are more interesting than the middle of a ring.
size_t pick_offset(uint32_t selector, uint32_t value) {
  switch (selector % 8) {
    case 0:
      return segment::kRingControlsAt + value % (segment::kRings * sizeof(segment::RingControl));
    case 1: return segment::kOverflowAt + value % sizeof(segment::OverflowQueue);
    case 2: return segment::kRingDataAt + value % 4096;  // the first records of ring 0
    case 3: return segment::kRingDataAt + segment::kRingBytes - 256 + value % 256;
    case 4: return segment::kMetricsAt + value % (2 * segment::kPage);  // counts, first slots
    case 5: return segment::kMetricsAt + value % segment::metric_layout().cells_at();
    case 6: return value % segment::kRingControlsAt;
    default: return value % segment::kBytes;
  }
}

struct Scribble {
  uint32_t selector;
  uint32_t offset;
  uint64_t value;
};

void scribble(char* base, const uint8_t* data, size_t size) {
  for (size_t at = 0; at + sizeof(Scribble) <= size; at += sizeof(Scribble)) {
    Scribble s;
    memcpy(&s, data + at, sizeof(s));
    const size_t offset = pick_offset(s.selector, s.offset) & ~size_t{7};
    if (offset + 8 <= segment::segment_bytes())
      reinterpret_cast<std::atomic<uint64_t>*>(base + offset)
          ->store(s.value, std::memory_order_relaxed);
  }
}

void check(const segment::RawRecord& record) {
  if (record.size < internal::kRecordHeaderBytes || record.size > internal::kRecordBytesMax ||
      record.size % 8 != 0)
    abort();
  if (record.level >= segment::kLevels || record.ring > segment::kRings) abort();
  uint32_t sum = 0;
  for (uint32_t i = 0; i < record.size; ++i)
    sum += static_cast<unsigned char>(record.bytes[i]);  // ASan looks
  asm volatile("" ::"r"(sum));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static char why[256];
  static const int fd = segment::create(why, sizeof(why));
  static char* const base = static_cast<char*>(segment::map(fd));
  if (base == nullptr) abort();
  const segment::View view(base);
  memset(base + segment::kControlAt, 0, segment::kDeclarationsAt - segment::kControlAt);
  memset(base + segment::kRingControlsAt, 0, segment::kOverflowAt - segment::kRingControlsAt);
  memset(base + segment::kOverflowAt, 0, 64 * segment::kOverflowCellBytes);

  memset(base + segment::kMetricsAt, 0, 2 * segment::kPage);

  segment::Reader reader(view, -1);
  segment::MetricReader metrics(view, fd);
  segment::MetricValues values;
  // Half before, so that inputs are reproducible; half beside, so that values change between look
  // and copy.
  const size_t half = size / 2 / sizeof(Scribble) * sizeof(Scribble);
  scribble(base, data, half);
  std::atomic<bool> stop{false};
  std::thread writer;
  if (size > half && (data[size - 1] & 7) == 0) {
    writer = std::thread([&] {
      while (!stop.load(std::memory_order_relaxed)) scribble(base, data + half, size - half);
    });
  } else {
    scribble(base, data + half, size - half);
  }
  for (int round = 0; round < 4; ++round) {
    if (reader.begin(round % 2 == 0 ? UINT64_MAX : 1u << 20, round == 3)) {
      segment::RawRecord record;
      // A ring of the smallest records holds this many; all sources together bound the round.
      size_t budget = segment::kSources * (segment::kRingBytes / internal::kRecordHeaderBytes) + 1;
      while (reader.next(record)) {
        check(record);
        if (--budget == 0) abort();
      }
    }
    reader.release();
    reader.take_untold();
    metrics.read(values);
    if (values.octaves.size() > segment::metric_layout().blocks) abort();
  }
  stop.store(true);
  if (writer.joinable()) writer.join();
  return 0;
}
