#include "system/text.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cmath>

#include "base/fd.h"

namespace outrigger::system {
namespace {

constexpr size_t kFileMax = 64u << 10;
constexpr size_t kWordsMax = 64;
constexpr size_t kLinesMax = 4096;

}  // namespace

std::string small_file(const std::string& path) {
  const base::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  std::string text;
  char bytes[4096];
  while (fd && text.size() < kFileMax) {
    const ssize_t size = read(fd.get(), bytes, sizeof bytes);
    if (size <= 0) break;
    text.append(bytes, static_cast<size_t>(size));
  }
  return text;
}

std::optional<double> leading_number(std::string_view text) {
  const size_t at = text.find_first_not_of(" \t");
  double value = 0;
  if (at == std::string_view::npos ||
      std::from_chars(text.data() + at, text.data() + text.size(), value).ec != std::errc() ||
      !std::isfinite(value))
    return std::nullopt;
  return value;
}

std::optional<double> number_after(std::string_view text, std::string_view key) {
  for (size_t at = 0; (at = text.find(key, at)) != std::string_view::npos; at += key.size()) {
    const std::string_view rest = text.substr(at + key.size());
    const bool ends = !rest.empty() && (rest.front() == ' ' || rest.front() == '\t');
    if ((at != 0 && text[at - 1] != '\n') || !ends) continue;
    if (const auto value = leading_number(rest)) return value;
  }
  return std::nullopt;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (words.size() < kWordsMax) {
    const size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) break;
    const size_t end = std::min(line.find_first_of(" \t", begin), line.size());
    words.push_back(line.substr(begin, end - begin));
    line.remove_prefix(end);
  }
  return words;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty() && lines.size() < kLinesMax) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::optional<double> pressure_us(std::string_view text) {
  for (const std::string_view line : lines_of(text)) {
    constexpr std::string_view kTotal = "total=";
    const size_t at = line.find(kTotal);
    if (line.starts_with("some ") && at != std::string_view::npos)
      return leading_number(line.substr(at + kTotal.size()));
  }
  return std::nullopt;
}

}  // namespace outrigger::system
