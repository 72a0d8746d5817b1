// What a crashed service has left in the segment: numbers and texts, checked, and their names. No
// byte of it is believed beyond that: who has corrupted the page gets nonsense about himself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "pprof/standstill.h"
#include "segment/crash.h"

namespace outrigger::keeper {

struct Crash {
  pprof::CrashedAt at;
  int signal = 0;  // one of those that are watched for
  int code = 0;
  uint64_t address = 0;
  std::string exception;  // "std::runtime_error"; empty: none was under way
  std::string what;
};

// A copy, once the handler has filled the page.
std::optional<Crash> read_crash(segment::View view);

// "SIGSEGV"
std::string signal_name(int signal);
// "SEGV_MAPERR: no memory there"; "sent by a process" and the like where no fault was.
std::string code_text(int signal, int code);
// "rip=0x55… rsp=0x7f… …"
std::string registers_text(const Crash& crash);
std::string address_text(uint64_t address);

}  // namespace outrigger::keeper
