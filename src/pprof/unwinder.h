// From copied registers and stack bytes to addresses, and from addresses to names. The one door to
// libdw (docs/licensing.md): unwinder.cc alone meets its headers.
//
// The tables are those of the files that the process has mapped, opened by the keeper itself; from
// the sample come numbers only. Not thread-safe.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "outrigger/result.h"
#include "segment/sample_reader.h"

namespace outrigger::pprof {

inline constexpr size_t kFramesMax = 512;  // of one stack; what is deeper is cut

// A mapped file.
struct Module {
  uint64_t begin = 0;
  uint64_t end = 0;
  std::string file;
  std::string build_id;  // hexadecimal; empty when it has none
};

struct Function {
  std::string name;         // demangled; "file+0x1234" when nothing else is known
  std::string system_name;  // as the linker knows it
  uint64_t begin = 0;
};

struct SourceLine {
  std::string file;  // empty: not known
  int line = 0;
};

// What runs at an address: a function, or one that the compiler has put into another.
struct Frame {
  Function function;
  SourceLine line;
  bool is_inlined = false;
};

class Unwinder {
 public:
  // Reads what the process has mapped. Fails with a sentence when that cannot be read.
  // `kept_map`: what it had, in lines as /proc/PID/maps has them, should it be gone (kept_map.h).
  static Result<std::unique_ptr<Unwinder>> of_process(pid_t pid, std::string kept_map = {});
  virtual ~Unwinder() = default;

  // The addresses of a stack, leaf first; each but the leaf lies in its call instruction (one less
  // than the return address). True when it reaches the thread's start.
  virtual bool unwind(const segment::Sample& sample, std::vector<uint64_t>& addresses) = 0;

  // Asks anew what is mapped: the program may have loaded something.
  virtual Result<void> refresh() = 0;

  virtual const std::vector<Module>& modules() const = 0;
  // The module around an address; nullptr when there is none.
  virtual const Module* module_at(uint64_t address) const = 0;
  virtual Function function_at(uint64_t address) = 0;
  // Innermost first; the last is function_at(). Lines, and functions that were inlined, are known
  // when the file's debug information is at hand.
  virtual std::vector<Frame> frames_at(uint64_t address) = 0;
};

}  // namespace outrigger::pprof
