#include "keeper/own_text.h"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace outrigger::keeper {
namespace {

void hold(const dl_phdr_info& file, uint32_t kind) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  for (size_t i = 0; i < file.dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = file.dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & (PF_R | PF_W | PF_X)) != kind) continue;
    const uintptr_t begin = file.dlpi_addr + part.p_vaddr;
    const uintptr_t from = begin / page * page;
    mlock2(reinterpret_cast<void*>(from), begin + part.p_memsz - from, MLOCK_ONFAULT);
  }
}

}  // namespace

void hold_own_text() {
  dl_iterate_phdr(
      [](dl_phdr_info* file, size_t, void*) {
        hold(*file, PF_R | PF_X);
        hold(*file, PF_R);
        return 1;  // the program comes first; its libraries are others'
      },
      nullptr);
}

}  // namespace outrigger::keeper
