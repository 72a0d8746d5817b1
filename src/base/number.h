// Numbers as the shortest text that reads back as the same number, whatever the locale.
#pragma once

#include <charconv>
#include <concepts>
#include <string>

namespace outrigger::base {

// "0.1", "1e+300", "nan", "-inf". By fmt: libstdc++'s to_chars for doubles takes 128 KiB of tables
// in every file.
void append_number(std::string& out, double number);

void append_number(std::string& out, std::integral auto number) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

}  // namespace outrigger::base
