// A corrupt service plays a crash: whatever stands in its page, the keeper reads numbers and texts
// of bounded length without control characters, while the page changes under its hands.
#include <stdlib.h>
#include <string.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>

#include "keeper/crash.h"
#include "segment/mapping.h"

namespace {

using namespace outrigger;

void check_text(const std::string& text, size_t bytes_max) {
  if (text.size() > bytes_max) abort();
  for (const char c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static char why[256];
  static char* const base = static_cast<char*>(segment::map(segment::create(why, sizeof(why))));
  if (base == nullptr || size < 1) return 0;
  const segment::View view(base);
  char* const page = base + segment::kCrashAt;
  memset(page, 0, segment::kPage);
  memcpy(page, data + 1, size - 1 < segment::kPage ? size - 1 : segment::kPage);
  view.service().crash_state.store(data[0] % 5, std::memory_order_release);
  std::atomic<bool> stop{false};
  std::thread writer;
  if (data[0] >= 0xf0) {
    writer = std::thread([&] {
      for (size_t at = 0; !stop.load(std::memory_order_relaxed); ++at)
        reinterpret_cast<std::atomic<char>*>(page + at % segment::kPage)
            ->store(static_cast<char>(data[at % size]), std::memory_order_relaxed);
    });
  }
  if (const auto crash = keeper::read_crash(view)) {
    // A control character becomes six bytes, and a demangled name is longer than its code.
    check_text(crash->what, 6 * sizeof(segment::CrashPage::what));
    check_text(crash->exception, 1024);
    check_text(keeper::signal_name(crash->signal), 40);
    check_text(keeper::code_text(crash->signal, crash->code), 100);
    check_text(keeper::registers_text(*crash), 40 * segment::kRegisters);
  }
  stop.store(true);
  if (writer.joinable()) writer.join();
  return 0;
}
