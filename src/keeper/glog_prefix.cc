#include "keeper/glog_prefix.h"

#include <charconv>

namespace outrigger::keeper {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Walks over the text; a step that does not fit makes all later ones fail.
class Walk {
 public:
  explicit Walk(std::string_view text) : rest_(text) {}

  Walk& one(char expected) {
    if (rest_.empty() || rest_[0] != expected) return fail();
    rest_.remove_prefix(1);
    return *this;
  }
  std::string_view digits() {
    size_t count = 0;
    while (count < rest_.size() && is_digit(rest_[count])) ++count;
    const std::string_view found = rest_.substr(0, count);
    rest_.remove_prefix(count);
    if (count == 0) fail();
    return found;
  }
  Walk& digits(size_t count) {
    if (digits().size() != count) return fail();
    return *this;
  }
  Walk& spaces() {
    one(' ');
    while (!rest_.empty() && rest_[0] == ' ') rest_.remove_prefix(1);
    return *this;
  }
  Walk& fail() {
    failed_ = true;
    rest_ = {};
    return *this;
  }
  bool failed() const { return failed_; }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

std::optional<uint32_t> level_of(char letter) {
  switch (letter) {
    case 'I': return 2;
    case 'W': return 3;
    case 'E': return 4;
    case 'F': return 5;
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<PrefixedLine> parse_glog_prefix(std::string_view text) {
  const std::optional<uint32_t> level = text.empty() ? std::nullopt : level_of(text[0]);
  if (!level) return std::nullopt;
  Walk walk(text.substr(1));
  const size_t date = walk.digits().size();
  if (date != 4 && date != 8) return std::nullopt;
  walk.one(' ').digits(2).one(':').digits(2).one(':').digits(2).one('.').digits(6).spaces();
  walk.digits();
  walk.one(' ');
  if (walk.failed()) return std::nullopt;
  const std::string_view rest = walk.rest();
  const size_t bracket = rest.find("] ");
  if (bracket == std::string_view::npos) return std::nullopt;
  const std::string_view place = rest.substr(0, bracket);
  const size_t colon = place.rfind(':');
  if (colon == 0 || colon == std::string_view::npos || place.find(' ') != std::string_view::npos)
    return std::nullopt;
  PrefixedLine line{*level, place.substr(0, colon), 0, rest.substr(bracket + 2)};
  const char* const end = place.data() + place.size();
  const auto parsed = std::from_chars(place.data() + colon + 1, end, line.line);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return line;
}

}  // namespace outrigger::keeper
