// Names of C++ functions as people write them. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace outrigger::pprof {

// "std::map::insert" for _ZNSt3mapI…E6insertE…: without parameters, return type and template
// arguments, as pprof shows names. A name that is not mangled is given back.
std::string demangled(const char* symbol);

// The same from a demangled name: "void f<int>(char) [clone .cold]" becomes "f [clone .cold]".
std::string simplified(std::string_view name);

}  // namespace outrigger::pprof
