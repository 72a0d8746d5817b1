#include "http/bundle.h"

#ifdef OUTRIGGER_CA_BUNDLE
// Never read where the system has a bundle: then it costs room in the file and none in memory.
asm(".pushsection .rodata\n"
    "outrigger_ca_bundle_begin:\n"
    ".incbin \"" OUTRIGGER_CA_BUNDLE
    "\"\n"
    "outrigger_ca_bundle_end:\n"
    ".popsection\n");
extern "C" {
extern const char outrigger_ca_bundle_begin[] __attribute__((visibility("hidden")));
extern const char outrigger_ca_bundle_end[] __attribute__((visibility("hidden")));
}
#endif

namespace outrigger::http {

std::string_view compiled_in_bundle() {
#ifdef OUTRIGGER_CA_BUNDLE
  return {outrigger_ca_bundle_begin,
          static_cast<std::size_t>(outrigger_ca_bundle_end - outrigger_ca_bundle_begin)};
#else
  return {};
#endif
}

}  // namespace outrigger::http
