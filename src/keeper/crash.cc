#include "keeper/crash.h"

#include <cxxabi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <array>
#include <memory>

#include "keeper/plain_text.h"

namespace outrigger::keeper {
namespace {

using segment::CrashPage;
using segment::CrashState;

#if defined(__x86_64__)
constexpr std::array<const char*, segment::kRegisters> kRegisterNames{
    "rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8",
    "r9",  "r10", "r11", "r12", "r13", "r14", "r15", "rip"};
#elif defined(__aarch64__)
constexpr std::array<const char*, segment::kRegisters> kRegisterNames{
    "x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",  "x7",  "x8",  "x9",  "x10",
    "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21",
    "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30", "sp",  "pc"};
#endif

constexpr size_t kExceptionBytesMax = 1024;  // a short code can name a very long type

bool is_watched(int signal) {
  return signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE ||
         signal == SIGABRT;
}

std::string type_text(const std::string& encoded) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(encoded.c_str(), nullptr, nullptr, &status), free);
  return status == 0 && name ? std::string(name.get()) : encoded;
}

struct CodeName {
  int signal;
  int code;
  const char* text;
};
// sigaction(2)
constexpr CodeName kCodes[] = {
    {SIGSEGV, SEGV_MAPERR, "SEGV_MAPERR: no memory there"},
    {SIGSEGV, SEGV_ACCERR, "SEGV_ACCERR: no such access to this memory"},
    {SIGBUS, BUS_ADRALN, "BUS_ADRALN: a misaligned address"},
    {SIGBUS, BUS_ADRERR, "BUS_ADRERR: beyond the end of a mapped file, or no memory"},
    {SIGBUS, BUS_OBJERR, "BUS_OBJERR: an error of the hardware"},
    {SIGILL, ILL_ILLOPC, "ILL_ILLOPC: no such instruction"},
    {SIGILL, ILL_ILLOPN, "ILL_ILLOPN: no such operand"},
    {SIGILL, ILL_PRVOPC, "ILL_PRVOPC: a privileged instruction"},
    {SIGFPE, FPE_INTDIV, "FPE_INTDIV: an integer divided by zero"},
    {SIGFPE, FPE_INTOVF, "FPE_INTOVF: an integer overflow"},
    {SIGFPE, FPE_FLTDIV, "FPE_FLTDIV: divided by zero"},
    {SIGFPE, FPE_FLTINV, "FPE_FLTINV: an invalid operation"},
};

}  // namespace

std::optional<Crash> read_crash(segment::View view) {
  // Acquire: pairs with the handler's release; the page is filled.
  const uint32_t state = view.service().crash_state.load(std::memory_order_acquire);
  if (state != static_cast<uint32_t>(CrashState::kWaiting) &&
      state != static_cast<uint32_t>(CrashState::kDone))
    return std::nullopt;
  CrashPage page;
  memcpy(&page, &segment::crash_page(view), sizeof(page));
  if (!is_watched(page.signal)) return std::nullopt;
  Crash crash;
  crash.at.thread_id = page.thread_id;
  memcpy(crash.at.registers.data(), page.registers, sizeof(page.registers));
  crash.signal = page.signal;
  crash.code = page.code;
  crash.address = page.address;
  if (page.signal != SIGABRT) return crash;
  crash.exception = type_text(plain_text(page.exception, sizeof(page.exception)));
  crash.exception.resize(std::min(crash.exception.size(), kExceptionBytesMax));
  crash.what = plain_text(page.what, sizeof(page.what));
  return crash;
}

std::string signal_name(int signal) {
  const char* const name = sigabbrev_np(signal);
  return name == nullptr ? "signal " + std::to_string(signal) : "SIG" + std::string(name);
}

std::string code_text(int signal, int code) {
  for (const CodeName& each : kCodes)
    if (each.signal == signal && each.code == code) return each.text;
  if (code == SI_KERNEL) return "SI_KERNEL: a fault without an address";
  if (code == SI_TKILL) return "SI_TKILL: raised by the program itself";
  if (code <= 0) return "sent by a process";
  return "code " + std::to_string(code);
}

std::string registers_text(const Crash& crash) {
  std::string text;
  for (size_t i = 0; i < kRegisterNames.size(); ++i) {
    if (i != 0) text += ' ';
    text += std::string(kRegisterNames[i]) + "=" + address_text(crash.at.registers[i]);
  }
  return text;
}

std::string address_text(uint64_t address) {
  char text[24];
  snprintf(text, sizeof(text), "0x%llx", static_cast<unsigned long long>(address));
  return text;
}

}  // namespace outrigger::keeper
