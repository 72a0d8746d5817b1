#include "keys_seen.h"

#include <algorithm>
#include <charconv>

namespace outrigger::emulator {
namespace {

// What stands before the parts of a key. A quote inside a JSON string is escaped, so `,"name":` can
// only be what it looks like.
struct Names {
  std::string_view boot, ring, number;
};
constexpr Names kPlain{",\"boot\":\"", ",\"ring\":\"", ",\"seq\":"};
constexpr Names kEscaped{R"(,\"boot\":\")", R"(,\"ring\":\")", R"(,\"seq\":)"};

// The text behind `name`, up to what ends a value.
std::string_view value_of(std::string_view message, std::string_view name, size_t& from) {
  const size_t at = message.find(name, from);
  if (at == std::string_view::npos) return {};
  from = at + name.size();
  const std::string_view rest = message.substr(from);
  return rest.substr(0, rest.find_first_of("\\\",}"));
}

}  // namespace

void KeysSeen::note(std::string_view message, bool is_escaped) {
  const Names& names = is_escaped ? kEscaped : kPlain;
  // Mostly it is where it was in the message before.
  size_t from = message.size() - std::min(message.size(), key_from_end_);
  if (!message.substr(from).starts_with(names.boot)) from = message.find(names.boot);
  if (from == std::string_view::npos) return;
  key_from_end_ = message.size() - from;
  const std::string_view boot = value_of(message, names.boot, from);
  const std::string_view ring = boot.empty() ? boot : value_of(message, names.ring, from);
  const std::string_view number = ring.empty() ? ring : value_of(message, names.number, from);
  uint64_t sequence = 0;
  if (number.empty() ||
      std::from_chars(number.data(), number.data() + number.size(), sequence).ec != std::errc())
    return;
  char name[128];
  const size_t size = boot.size() + 1 + ring.size();
  if (size > sizeof name) return;
  boot.copy(name, boot.size());
  name[boot.size()] = ' ';
  ring.copy(name + boot.size() + 1, ring.size());
  const std::string_view key(name, size);
  if (last_ == nullptr || key != last_name_) {
    auto found = rings_.find(key);
    if (found == rings_.end()) found = rings_.emplace(std::string(key), Ring{}).first;
    last_ = &found->second;
    last_name_ = key;
  }
  ++entries_;
  if (!add(*last_, sequence)) ++duplicates_;
}

bool KeysSeen::add(Ring& ring, uint64_t number) {
  auto after = ring.runs.upper_bound(number);
  const auto before = after == ring.runs.begin() ? ring.runs.end() : std::prev(after);
  if (before != ring.runs.end() && number < before->second) return false;
  ++ring.distinct;
  const bool joins_before = before != ring.runs.end() && before->second == number;
  const bool joins_after = after != ring.runs.end() && after->first == number + 1;
  if (joins_before && joins_after) {
    before->second = after->second;
    ring.runs.erase(after);
  } else if (joins_before) {
    before->second = number + 1;
  } else if (joins_after) {
    const uint64_t end = after->second;
    ring.runs.erase(after);
    ring.runs.emplace(number, end);
  } else {
    ring.runs.emplace(number, number + 1);
  }
  return true;
}

boost::json::object KeysSeen::report() const {
  boost::json::array rings;
  uint64_t distinct = 0, missing = 0;
  for (const auto& [name, ring] : rings_) {
    const uint64_t end = ring.runs.empty() ? 0 : ring.runs.rbegin()->second;
    distinct += ring.distinct;
    missing += end - ring.distinct;
    const size_t blank = name.find(' ');
    rings.push_back(boost::json::object{{"boot", name.substr(0, blank)},
                                        {"ring", name.substr(blank + 1)},
                                        {"distinct", ring.distinct},
                                        {"highest", end == 0 ? 0 : end - 1},
                                        {"missing", end - ring.distinct}});
  }
  return {{"entries", entries_},
          {"distinct", distinct},
          {"duplicates", duplicates_},
          {"missing", missing},
          {"rings", std::move(rings)}};
}

}  // namespace outrigger::emulator
