// The sample share holds whatever the fuzzer says; the reader must end, and give nothing that does
// not fit its own bounds.
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "segment/sample_reader.h"

namespace {

using namespace outrigger::segment;

char* share() {
  static void* const memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return static_cast<char*>(memory);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const View view(share());
  constexpr size_t kStateBytes = sizeof(SampleShare::states);
  memset(static_cast<void*>(samples(view).states), 0, kStateBytes);
  const size_t states = std::min(size, kStateBytes);
  memcpy(static_cast<void*>(samples(view).states), data, states);
  // The rest makes the beginnings of the cells, in turn.
  for (size_t cell = 0, at = states; at < size; ++cell, at += kSampleStackAt) {
    memcpy(sample_cell(view, cell % kSampleCells), data + at, std::min(kSampleStackAt, size - at));
  }
  SampleReader reader(view);
  const auto sample = std::make_unique<Sample>();
  for (size_t n = 0; reader.next(*sample); ++n) {
    if (n >= kSampleCells || sample->stack_bytes > kStackBytesMax) __builtin_trap();
    uint64_t word = 0;
    sample->read(sample->stack_at, word);
    sample->read(sample->stack_at + sample->stack_bytes, word);
    sample->read(sample->registers[0], word);
  }
  reader.clear();
  return 0;
}
