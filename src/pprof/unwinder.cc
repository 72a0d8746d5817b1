#include "pprof/unwinder.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <algorithm>
#include <unordered_map>

#include "pprof/demangle.h"

// libdw would otherwise look for a library that asks servers for debug information, with dlopen, as
// soon as it is loaded. These stand in for that part of it (elfutils, libdwfl/debuginfod-client.c).
extern "C" {
[[gnu::visibility("hidden")]] int __libdwfl_debuginfod_find_executable(Dwfl*, const unsigned char*,
                                                                       size_t) {
  return -1;
}
[[gnu::visibility("hidden")]] int __libdwfl_debuginfod_find_debuginfo(Dwfl*, const unsigned char*,
                                                                      size_t) {
  return -1;
}
[[gnu::visibility("hidden")]] void __libdwfl_debuginfod_end(void*) {}
}

namespace outrigger::pprof {
namespace {

using segment::Sample;

constexpr size_t kInlinedMax = 100;
constexpr pid_t kTheThread = 1;  // libdw wants numbers; each copied stack is this one thread's

struct Symbol {
  uint64_t begin;
  uint64_t end;
  const char* name;  // in the file's own string table, as long as the Dwfl lives
  bool global;
};

// Opens the files of modules. The program's own by the kernel's link to it, since its name may lead
// elsewhere by now; the kernel's own code page is the same in every process of a machine.
int find_elf(Dwfl_Module* module, void** user, const char* name, Dwarf_Addr base, char** file_name,
             Elf** elf) {
  const std::string_view view(name);
  if (view.starts_with("[vdso")) {
    Dwarf_Addr begin, end;
    dwfl_module_info(module, nullptr, &begin, &end, nullptr, nullptr, nullptr, nullptr);
    if (const unsigned long own = getauxval(AT_SYSINFO_EHDR); own != 0)
      *elf = elf_memory(reinterpret_cast<char*>(own), end - begin);
    return -1;
  }
  char link[64];
  char target[PATH_MAX];
  // This process's own stands in for that of one that has gone: the three roles are one file.
  for (const pid_t pid : {*user != nullptr ? *static_cast<pid_t*>(*user) : 0, getpid()}) {
    snprintf(link, sizeof(link), "/proc/%d/exe", pid);
    const ssize_t size = readlink(link, target, sizeof(target));
    if (size <= 0 || std::string_view(target, static_cast<size_t>(size)) != view) continue;
    const int fd = open(link, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) *file_name = strdup(name);
    return fd;
  }
  return dwfl_linux_proc_find_elf(module, user, name, base, file_name, elf);
}

class DwflUnwinder final : public Unwinder {
 public:
  DwflUnwinder(pid_t pid, std::string kept_map) : pid_(pid), kept_map_(std::move(kept_map)) {}
  ~DwflUnwinder() override { dwfl_end(dwfl_); }
  DwflUnwinder(const DwflUnwinder&) = delete;
  DwflUnwinder& operator=(const DwflUnwinder&) = delete;

  Result<void> open();
  bool unwind(const Sample& sample, std::vector<uint64_t>& addresses) override;
  Result<void> refresh() override;
  const std::vector<Module>& modules() const override { return modules_; }
  const Module* module_at(uint64_t address) const override;
  Function function_at(uint64_t address) override;
  std::vector<Frame> frames_at(uint64_t address) override;

 private:
  static pid_t next_thread(Dwfl*, void* own, void** thread);
  static bool read_memory(Dwfl*, Dwarf_Addr address, Dwarf_Word* word, void* own);
  static bool set_registers(Dwfl_Thread* thread, void* own);
  static int take_frame(Dwfl_Frame* frame, void* own);
  void note_modules();
  const std::vector<Symbol>& symbols_of(Dwfl_Module* module);
  const Symbol* symbol_at(uint64_t address);

  int report();

  pid_t pid_;
  const std::string kept_map_;
  Dwfl_Callbacks callbacks_{};
  Dwfl* dwfl_ = nullptr;
  bool attached_ = false;
  std::vector<Module> modules_;
  std::unordered_map<Dwfl_Module*, std::vector<Symbol>> symbols_;
  // Of the stack that is being unwound.
  const Sample* sample_ = nullptr;
  std::vector<uint64_t>* addresses_ = nullptr;
};

pid_t DwflUnwinder::next_thread(Dwfl*, void* own, void** thread) {
  if (*thread != nullptr) return 0;
  *thread = own;
  return kTheThread;
}

bool DwflUnwinder::read_memory(Dwfl*, Dwarf_Addr address, Dwarf_Word* word, void* own) {
  const Sample* const sample = static_cast<DwflUnwinder*>(own)->sample_;
  uint64_t found = 0;
  if (sample == nullptr || !sample->read(address, found)) return false;
  *word = found;
  return true;
}

bool DwflUnwinder::set_registers(Dwfl_Thread* thread, void* own) {
  const Sample& sample = *static_cast<DwflUnwinder*>(own)->sample_;
  dwfl_thread_state_register_pc(thread, sample.registers[segment::kPcRegister]);
#if defined(__x86_64__)
  constexpr unsigned kCount = segment::kRegisters;  // the return address has a number of its own
#else
  constexpr unsigned kCount = segment::kRegisters - 1;
#endif
  Dwarf_Word registers[kCount];
  std::copy_n(sample.registers.begin(), kCount, registers);
  return dwfl_thread_state_registers(thread, 0, kCount, registers);
}

int DwflUnwinder::take_frame(Dwfl_Frame* frame, void* own) {
  std::vector<uint64_t>& addresses = *static_cast<DwflUnwinder*>(own)->addresses_;
  Dwarf_Addr address;
  bool activation;
  if (!dwfl_frame_pc(frame, &address, &activation)) return DWARF_CB_ABORT;
  addresses.push_back(activation || address == 0 ? address : address - 1);
  return addresses.size() < kFramesMax ? DWARF_CB_OK : DWARF_CB_ABORT;
}

Result<void> DwflUnwinder::open() {
  callbacks_.find_elf = find_elf;
  callbacks_.find_debuginfo = dwfl_standard_find_debuginfo;
  dwfl_ = dwfl_begin(&callbacks_);
  if (dwfl_ == nullptr) return failed("no memory for unwinding");
  return refresh();
}

// What it has mapped, or had: a process that has ended and was not yet waited for maps nothing.
int DwflUnwinder::report() {
  int error = dwfl_linux_proc_report(dwfl_, pid_);
  const bool has_some = dwfl_getmodules(
                            dwfl_, [](auto...) -> int { return DWARF_CB_ABORT; }, nullptr, 0) > 0;
  if (has_some || kept_map_.empty()) return error;
  FILE* const kept = fmemopen(const_cast<char*>(kept_map_.data()), kept_map_.size(), "r");
  if (kept == nullptr) return error;
  error = dwfl_linux_proc_maps_report(dwfl_, kept);
  fclose(kept);
  return error;
}

Result<void> DwflUnwinder::refresh() {
  symbols_.clear();
  dwfl_report_begin(dwfl_);
  const int error = report();
  dwfl_report_end(dwfl_, nullptr, nullptr);
  if (error != 0) {
    return failed("what process " + std::to_string(pid_) + " has mapped cannot be read: " +
                  (error > 0 ? strerrordesc_np(error) : dwfl_errmsg(-1)));
  }
  note_modules();
  if (attached_) return {};
  Elf* elf = nullptr;
  dwfl_getmodules(
      dwfl_,
      [](Dwfl_Module* module, void**, const char*, Dwarf_Addr, void* found) -> int {
        GElf_Addr bias;
        Elf* const own = dwfl_module_getelf(module, &bias);
        if (own == nullptr) return DWARF_CB_OK;
        *static_cast<Elf**>(found) = own;
        return DWARF_CB_ABORT;
      },
      &elf, 0);
  static const Dwfl_Thread_Callbacks kCallbacks = {next_thread,   nullptr, read_memory,
                                                   set_registers, nullptr, nullptr};
  if (elf == nullptr || !dwfl_attach_state(dwfl_, elf, pid_, &kCallbacks, this))
    return failed(std::string("the process's own file cannot be read: ") + dwfl_errmsg(-1));
  attached_ = true;
  return {};
}

void DwflUnwinder::note_modules() {
  modules_.clear();
  dwfl_getmodules(
      dwfl_,
      [](Dwfl_Module* module, void** user, const char* name, Dwarf_Addr, void* own) -> int {
        auto& self = *static_cast<DwflUnwinder*>(own);
        *user = &self.pid_;  // for find_elf
        Module found;
        dwfl_module_info(module, nullptr, &found.begin, &found.end, nullptr, nullptr, nullptr,
                         nullptr);
        found.file = name != nullptr ? name : "";
        const unsigned char* bits = nullptr;
        GElf_Addr where;
        GElf_Addr bias;
        if (dwfl_module_getelf(module, &bias) == nullptr) return DWARF_CB_OK;  // mapped data
        const int size = dwfl_module_build_id(module, &bits, &where);
        constexpr char kDigits[] = "0123456789abcdef";
        for (int i = 0; i < size; ++i) {
          found.build_id += kDigits[bits[i] >> 4];
          found.build_id += kDigits[bits[i] & 15];
        }
        self.modules_.push_back(std::move(found));
        return DWARF_CB_OK;
      },
      this, 0);
  std::sort(modules_.begin(), modules_.end(),
            [](const Module& a, const Module& b) { return a.begin < b.begin; });
}

bool DwflUnwinder::unwind(const Sample& sample, std::vector<uint64_t>& addresses) {
  addresses.clear();
  sample_ = &sample;
  addresses_ = &addresses;
  const int end = dwfl_getthread_frames(dwfl_, kTheThread, take_frame, this);
  sample_ = nullptr;
  if (addresses.empty()) addresses.push_back(sample.registers[segment::kPcRegister]);
  return end == 0 && addresses.size() > 1;
}

const Module* DwflUnwinder::module_at(uint64_t address) const {
  const auto after =
      std::upper_bound(modules_.begin(), modules_.end(), address,
                       [](uint64_t a, const Module& module) { return a < module.begin; });
  if (after == modules_.begin()) return nullptr;
  const Module& module = *(after - 1);
  return address < module.end ? &module : nullptr;
}

// By address, one a place. libdw's own search looks at every symbol each time.
const std::vector<Symbol>& DwflUnwinder::symbols_of(Dwfl_Module* module) {
  const auto [at, is_new] = symbols_.try_emplace(module);
  std::vector<Symbol>& symbols = at->second;
  if (!is_new) return symbols;
  const int count = dwfl_module_getsymtab(module);
  for (int i = 1; i < count; ++i) {
    GElf_Sym symbol;
    GElf_Addr address;
    GElf_Word section;
    const char* const name =
        dwfl_module_getsym_info(module, i, &symbol, &address, &section, nullptr, nullptr);
    const int type = GELF_ST_TYPE(symbol.st_info);
    if (name == nullptr || *name == '\0' || section == SHN_UNDEF) continue;
    if (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE) continue;
    if (type == STT_NOTYPE && (name[0] == '$' || name[0] == '.')) continue;
    symbols.push_back(
        {address, address + symbol.st_size, name, GELF_ST_BIND(symbol.st_info) != STB_LOCAL});
  }
  // Of several names for one place: one with a size, then a global one.
  std::sort(symbols.begin(), symbols.end(), [](const Symbol& a, const Symbol& b) {
    if (a.begin != b.begin) return a.begin < b.begin;
    if ((a.end > a.begin) != (b.end > b.begin)) return a.end > a.begin;
    return a.global > b.global;
  });
  symbols.erase(std::unique(symbols.begin(), symbols.end(),
                            [](const Symbol& a, const Symbol& b) { return a.begin == b.begin; }),
                symbols.end());
  // Assembler code may say no size: it then reaches to its successor.
  for (size_t i = 0; i + 1 < symbols.size(); ++i)
    if (symbols[i].end == symbols[i].begin) symbols[i].end = symbols[i + 1].begin;
  return symbols;
}

const Symbol* DwflUnwinder::symbol_at(uint64_t address) {
  Dwfl_Module* const module = dwfl_addrmodule(dwfl_, address);
  if (module == nullptr) return nullptr;
  const std::vector<Symbol>& symbols = symbols_of(module);
  const auto after = std::upper_bound(symbols.begin(), symbols.end(), address,
                                      [](uint64_t a, const Symbol& s) { return a < s.begin; });
  if (after == symbols.begin()) return nullptr;
  const Symbol& symbol = *(after - 1);
  return address < symbol.end ? &symbol : nullptr;
}

Function DwflUnwinder::function_at(uint64_t address) {
  Function function;
  function.begin = address;
  if (const Symbol* const symbol = symbol_at(address)) {
    function.system_name = symbol->name;
    function.name = demangled(symbol->name);
    function.begin = symbol->begin;
    return function;
  }
  const Module* const module = module_at(address);
  if (module != nullptr) {
    function.name = module->file.substr(module->file.rfind('/') + 1);
    address -= module->begin;
  }
  char offset[32];
  snprintf(offset, sizeof(offset), "%s0x%llx", module != nullptr ? "+" : "",
           static_cast<unsigned long long>(address));
  function.name += offset;
  function.system_name = function.name;
  return function;
}

SourceLine line_at(Dwfl_Module* module, uint64_t address) {
  Dwfl_Line* const line = module == nullptr ? nullptr : dwfl_module_getsrc(module, address);
  if (line == nullptr) return {};
  int number = 0;
  const char* const file = dwfl_lineinfo(line, nullptr, &number, nullptr, nullptr, nullptr);
  if (file == nullptr) return {};
  return {file, number};
}

// The functions that were inlined around `address` within `outer`, outermost first.
void find_inlined(Dwarf_Die outer, Dwarf_Addr address, std::vector<Dwarf_Die>& inlined) {
  Dwarf_Die child;
  for (int none = dwarf_child(&outer, &child); none == 0; none = dwarf_siblingof(&child, &child)) {
    const int tag = dwarf_tag(&child);
    if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_lexical_block) continue;
    if (dwarf_haspc(&child, address) != 1) continue;
    if (tag == DW_TAG_inlined_subroutine) inlined.push_back(child);
    if (inlined.size() >= kInlinedMax) return;
    return find_inlined(child, address, inlined);
  }
}

SourceLine call_line(Dwarf_Die unit, Dwarf_Die& inlined) {
  Dwarf_Attribute attribute;
  Dwarf_Word file = 0;
  Dwarf_Word line = 0;
  Dwarf_Files* files = nullptr;
  dwarf_formudata(dwarf_attr(&inlined, DW_AT_call_file, &attribute), &file);
  dwarf_formudata(dwarf_attr(&inlined, DW_AT_call_line, &attribute), &line);
  if (dwarf_getsrcfiles(&unit, &files, nullptr) != 0) return {};
  const char* const name = dwarf_filesrc(files, file, nullptr, nullptr);
  if (name == nullptr) return {};
  return {name, static_cast<int>(std::min<Dwarf_Word>(line, INT_MAX))};
}

Function inlined_function(Dwarf_Die& inlined) {
  Dwarf_Attribute attribute;
  Function function;
  const char* name =
      dwarf_formstring(dwarf_attr_integrate(&inlined, DW_AT_linkage_name, &attribute));
  if (name == nullptr) name = dwarf_diename(&inlined);
  function.system_name = name != nullptr ? name : "?";
  function.name = demangled(function.system_name.c_str());
  return function;
}

std::vector<Frame> DwflUnwinder::frames_at(uint64_t address) {
  std::vector<Frame> frames;
  Dwfl_Module* const module = dwfl_addrmodule(dwfl_, address);
  SourceLine line = line_at(module, address);
  Dwarf_Addr bias = 0;
  Dwarf_Die* const unit = line.file.empty() ? nullptr : dwfl_module_addrdie(module, address, &bias);
  Dwarf_Die function;
  for (int none = unit == nullptr ? 1 : dwarf_child(unit, &function); none == 0;
       none = dwarf_siblingof(&function, &function)) {
    if (dwarf_tag(&function) != DW_TAG_subprogram || dwarf_haspc(&function, address - bias) != 1)
      continue;
    std::vector<Dwarf_Die> inlined;
    find_inlined(function, address - bias, inlined);
    // Each stands at its own line; its caller where it calls.
    for (auto each = inlined.rbegin(); each != inlined.rend(); ++each) {
      frames.push_back({inlined_function(*each), std::move(line), true});
      line = call_line(*unit, *each);
    }
    break;
  }
  frames.push_back({function_at(address), std::move(line)});
  return frames;
}

}  // namespace

Result<std::unique_ptr<Unwinder>> Unwinder::of_process(pid_t pid, std::string kept_map) {
  auto unwinder = std::make_unique<DwflUnwinder>(pid, std::move(kept_map));
  if (Result<void> opened = unwinder->open(); !opened.ok()) return opened.error();
  return std::unique_ptr<Unwinder>(std::move(unwinder));
}

}  // namespace outrigger::pprof
