#include "service/sbom.h"

#include <elf.h>
#include <fcntl.h>

#include <cstring>
#include <string_view>

#include "base/fd.h"
#include "base/mapping.h"

namespace outrigger::service {
namespace {

constexpr std::string_view kSection = ".outrigger_sbom";

// The bytes of a section of an ELF file; empty when there is none. Offsets are checked: strip and
// packers have been known to leave nonsense.
std::string_view section(std::string_view file, std::string_view name) {
  const auto read = [&](auto& into, uint64_t at) {
    if (at > file.size() || sizeof into > file.size() - at) return false;
    memcpy(&into, file.data() + at, sizeof into);
    return true;
  };
  const auto bytes = [&](const Elf64_Shdr& header) -> std::string_view {
    if (header.sh_offset > file.size() || header.sh_size > file.size() - header.sh_offset)
      return {};
    return file.substr(header.sh_offset, header.sh_size);
  };
  Elf64_Ehdr header;
  if (!read(header, 0)) return {};
  const auto section_at = [&](Elf64_Shdr& into, uint64_t index) {
    return read(into, header.e_shoff + index * sizeof into);
  };
  Elf64_Shdr names_header;
  if (!section_at(names_header, header.e_shstrndx)) return {};
  const std::string_view names = bytes(names_header);
  for (uint64_t i = 0; i < header.e_shnum; ++i) {
    Elf64_Shdr candidate;
    if (!section_at(candidate, i) || candidate.sh_name >= names.size()) continue;
    const std::string_view rest = names.substr(candidate.sh_name);
    if (rest.substr(0, rest.find('\0')) == name) return bytes(candidate);
  }
  return {};
}

}  // namespace

Result<std::string> sbom() {
  const base::Fd self(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  const base::Mapping file = self ? base::Mapping::whole_file(self.get()) : base::Mapping();
  if (!file) return Error{ErrorKind::kUnavailable, "/proc is missing: it leads to this file", ""};
  const std::string_view document = section({file.bytes(), file.size()}, kSection);
  if (document.empty()) {
    return Error{ErrorKind::kNotFound,
                 "this program carries no list of its parts; declare it with "
                 "outrigger_add_service",
                 ""};
  }
  return std::string(document);
}

}  // namespace outrigger::service
