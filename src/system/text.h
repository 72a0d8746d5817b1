// Reading the kernel's small text files. Whatever they hold, nothing here fails but by saying so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outrigger::system {

// Where they are; tests have trees of their own.
struct Places {
  std::string proc = "/proc";
  std::string cgroup = "/sys/fs/cgroup";
  std::string block = "/sys/block";
};

// A whole file of /proc or /sys, at most 64 KiB of it; empty when it cannot be read.
std::string small_file(const std::string& path);

// The number that a text begins with, after blanks; none for anything else ("max").
std::optional<double> leading_number(std::string_view text);
// The number behind `key` at the begin of a line ("MemTotal:", "oom_kill"); none when it is not there.
std::optional<double> number_after(std::string_view text, std::string_view key);
// The words of a line, and the lines of a text: at most 64 and 4,096 of them.
std::vector<std::string_view> words_of(std::string_view line);
std::vector<std::string_view> lines_of(std::string_view text);

// Of a file as /proc/pressure/memory is: microseconds in which something waited ("some ... total=").
std::optional<double> pressure_us(std::string_view text);

}  // namespace outrigger::system
