#include "pprof/demangle.h"

#include <cxxabi.h>
#include <stdlib.h>

#include <initializer_list>
#include <memory>

namespace outrigger::pprof {
namespace {

bool in_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// How many characters at the start of `rest` must stay although they hold brackets or blanks.
size_t kept_whole(std::string_view rest) {
  for (const std::string_view each : {"(anonymous namespace)", "{lambda", "{unnamed"})
    if (rest.starts_with(each)) return each.size();
  if (rest.starts_with("[clone ") || rest.starts_with("[abi:")) return rest.find(']') + 1;
  return 0;
}

// Likewise of the word "operator" and what belongs to it; 0 when it is another word.
size_t operator_name(std::string_view rest) {
  constexpr std::string_view kWord = "operator";
  if (!rest.starts_with(kWord) || rest.size() == kWord.size() || in_word(rest[kWord.size()]))
    return 0;
  const std::string_view behind = rest.substr(kWord.size());
  for (const std::string_view each :
       {"()", "<=>", "<<=", ">>=", "->*", "<<", ">>", "<=", ">=", "->", "<", ">"})
    if (behind.starts_with(each)) return kWord.size() + each.size();
  if (behind[0] != ' ') return kWord.size();
  // A conversion, new or delete: up to the parameters.
  const size_t end = behind.find('(');
  return kWord.size() + (end == std::string_view::npos ? behind.size() : end);
}

}  // namespace

std::string simplified(std::string_view name) {
  std::string out;
  int depth = 0;  // of brackets whose content is left out
  for (size_t i = 0; i < name.size();) {
    const std::string_view rest = name.substr(i);
    if (depth == 0) {
      size_t whole = kept_whole(rest);
      if (whole == 0 && (i == 0 || !in_word(name[i - 1]))) whole = operator_name(rest);
      if (whole != 0) {
        out += rest.substr(0, whole);
        i += whole;
        continue;
      }
    }
    const char c = name[i++];
    if (c == '(' || c == '<') {
      ++depth;
    } else if (c == ')' || c == '>') {
      if (depth > 0) --depth;
    } else if (depth > 0) {
      continue;
    } else if (c != ' ') {
      out += c;
    } else if (name.substr(i).starts_with("<")) {
      continue;  // "operator<< <int>"
    } else if (name.substr(i).starts_with("[")) {
      out += ' ';
    } else if (name.substr(i).starts_with("const")) {
      i += std::string_view("const").size();  // of a member function
    } else {
      out.clear();  // that was the return type
    }
  }
  return out.empty() ? std::string(name) : out;
}

std::string demangled(const char* symbol) {
  int status = 0;
  const std::unique_ptr<char, decltype(&free)> text(
      abi::__cxa_demangle(symbol, nullptr, nullptr, &status), &free);
  return status == 0 && text != nullptr ? simplified(text.get()) : std::string(symbol);
}

}  // namespace outrigger::pprof
