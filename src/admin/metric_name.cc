#include "admin/metric_name.h"

#include <algorithm>

namespace outrigger::admin {
namespace {

bool is_small(char c) { return c >= 'a' && c <= 'z'; }
bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "HTTPRequests" is http_requests; other characters become '_'.
std::string snake_case(std::string_view name) {
  std::string out;
  if (name.empty() || is_digit(name.front())) out += '_';
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (is_capital(c)) {
      const bool after_word = i > 0 && (is_small(name[i - 1]) || is_digit(name[i - 1]));
      const bool begins_word =
          i > 0 && is_capital(name[i - 1]) && i + 1 < name.size() && is_small(name[i + 1]);
      if (after_word || begins_word) out += '_';
      out += static_cast<char>(c - 'A' + 'a');
    } else {
      out += is_small(c) || is_digit(c) || c == ':' ? c : '_';
    }
  }
  return out;
}

struct Base {
  std::string_view unit;  // of CloudWatch
  std::string_view suffix;
  double factor;
};
// Kilo is 1,000: CloudWatch says no other.
constexpr Base kBases[] = {{"Seconds", "seconds", 1},
                           {"Milliseconds", "seconds", 1e-3},
                           {"Microseconds", "seconds", 1e-6},
                           {"Bytes", "bytes", 1},
                           {"Kilobytes", "bytes", 1e3},
                           {"Megabytes", "bytes", 1e6},
                           {"Gigabytes", "bytes", 1e9},
                           {"Terabytes", "bytes", 1e12},
                           {"Bits", "bytes", 0.125},
                           {"Kilobits", "bytes", 125},
                           {"Megabits", "bytes", 125e3},
                           {"Gigabits", "bytes", 125e6},
                           {"Terabits", "bytes", 125e9},
                           {"Percent", "ratio", 0.01},
                           {"Count", "", 1},
                           {"None", "", 1}};
constexpr std::string_view kPerSecond = "/Second";
// What a name may say of its unit already.
constexpr std::string_view kUnitWords[] = {
    "seconds",   "milliseconds", "microseconds", "ms",     "us",     "bytes",
    "kilobytes", "megabytes",    "gigabytes",    "kb",     "mb",     "gb",
    "bits",      "percent",      "ratio",        "second", "millis", "micros"};

}  // namespace

ExposedName exposed_name(std::string_view name, std::string_view unit) {
  ExposedName exposed{snake_case(name), 1};
  const bool is_rate = unit.ends_with(kPerSecond);
  if (is_rate) unit.remove_suffix(kPerSecond.size());
  const Base* const base = std::find_if(std::begin(kBases), std::end(kBases),
                                        [&](const Base& b) { return b.unit == unit; });
  if (base == std::end(kBases)) return exposed;
  exposed.factor = base->factor;
  std::string& family = exposed.family;
  if (is_rate && family.ends_with("_per_second")) family.resize(family.size() - 11);
  if (!base->suffix.empty()) {
    for (const std::string_view word : kUnitWords) {
      if (family.size() > word.size() + 1 && family.ends_with(word) &&
          family[family.size() - word.size() - 1] == '_') {
        family.resize(family.size() - word.size() - 1);
        break;
      }
    }
    family.append("_").append(base->suffix);
  }
  if (is_rate) family.append("_per_second");
  return exposed;
}

std::string exposed_label(std::string_view name) {
  std::string out = snake_case(name);
  std::replace(out.begin(), out.end(), ':', '_');
  return out;
}

}  // namespace outrigger::admin
