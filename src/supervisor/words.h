// What the first word of a command line asks for. Pure functions, no allocation: they run before
// any constructor.
#pragma once

#include <string_view>

namespace outrigger::supervisor {

enum class Program {
  kOwnWords,  // the whole command line is ours: run()
  kAdopted,   // all but a leading contract word is the program's own: adopt()
};

enum class Asks { kRun, kCommand };

// "version", "-v", "--init", "health", "run" ...: the words that no operation and no adopted
// program may take. The dashed forms are those of the contract; "-health" is an option, not a
// contract word.
bool is_contract_word(std::string_view word);

Asks asks(int argc, const char* const* argv, Program program);

// "--in-process" (or "-in-process") stands among the arguments, before any "--".
bool asks_in_process(int argc, const char* const* argv);

// "--NAME" (or "-NAME") stands among the arguments, before any "--".
bool has_switch(int argc, const char* const* argv, std::string_view name);
// What "--NAME VALUE" or "--NAME=VALUE" gives; empty when it is not there. The last one counts.
std::string_view option_value(int argc, const char* const* argv, std::string_view name);

// Likewise "--core", which an adopted program may use for something else.
bool asks_core(int argc, const char* const* argv, Program program);

}  // namespace outrigger::supervisor
