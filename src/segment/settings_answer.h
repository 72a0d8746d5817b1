// What the keeper found out about the settings, on its way through the segment to the service, and
// through the door to commands. Value type; encode() and decode() are pure.
//
// As bytes: records of four texts, each ended by a NUL: kind, name, first, second.
//   environment  -       name           why
//   place        key     value          -           "region", "instance", "log_group", ...
//   value        name    text           from
//   missing      name    -              -
//   shadowed     name    text           from        lower in rank than its value
//   looked       name    where          -           in vain
//   note         -       sentence       -
//   action       -       IAM action     -           that was used
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace outrigger::segment {

struct SettingsAnswer {
  struct Candidate {
    std::string value;
    std::string from;  // "tag of the instance", "output of stack orders"
  };
  struct Setting {
    std::string name;
    bool found = false;
    std::string value;
    std::string from;
    std::vector<Candidate> shadowed;
    std::vector<std::string> looked;
  };

  std::string environment;  // its name; empty: what the service found itself stands
  std::string why;
  std::vector<std::pair<std::string, std::string>> place;
  std::vector<Setting> settings;
  std::vector<std::string> notes;
  std::vector<std::string> actions;

  const std::string* place_of(std::string_view key) const {
    for (const auto& [name, value] : place) {
      if (name == key) return &value;
    }
    return nullptr;
  }
};

inline std::string encode(const SettingsAnswer& answer) {
  std::string out;
  const auto put = [&out](std::string_view kind, std::string_view name, std::string_view first,
                          std::string_view second) {
    for (std::string_view part : {kind, name, first, second}) {
      // A NUL in a value would end it here: what cannot be told whole ends there.
      out.append(part.substr(0, part.find('\0'))).push_back('\0');
    }
  };
  put("environment", "", answer.environment, answer.why);
  for (const auto& [key, value] : answer.place) put("place", key, value, "");
  for (const SettingsAnswer::Setting& one : answer.settings) {
    put(one.found ? "value" : "missing", one.name, one.value, one.from);
    for (const auto& shadowed : one.shadowed)
      put("shadowed", one.name, shadowed.value, shadowed.from);
    for (const std::string& where : one.looked) put("looked", one.name, where, "");
  }
  for (const std::string& note : answer.notes) put("note", "", note, "");
  for (const std::string& action : answer.actions) put("action", "", action, "");
  return out;
}

// Any bytes; none when they are no such records. Kinds that are not known are passed over.
inline std::optional<SettingsAnswer> decode(std::string_view bytes) {
  SettingsAnswer answer;
  while (!bytes.empty()) {
    std::string_view parts[4];
    for (std::string_view& part : parts) {
      const size_t end = bytes.find('\0');
      if (end == std::string_view::npos) return std::nullopt;
      part = bytes.substr(0, end);
      bytes.remove_prefix(end + 1);
    }
    const auto& [kind, name, first, second] = parts;
    SettingsAnswer::Setting* last = answer.settings.empty() ? nullptr : &answer.settings.back();
    if (last != nullptr && last->name != name) last = nullptr;
    if (kind == "environment") {
      answer.environment = first;
      answer.why = second;
    } else if (kind == "place") {
      answer.place.emplace_back(name, first);
    } else if (kind == "value" || kind == "missing") {
      answer.settings.push_back(
          {std::string(name), kind == "value", std::string(first), std::string(second), {}, {}});
    } else if (kind == "shadowed" && last != nullptr) {
      last->shadowed.push_back({std::string(first), std::string(second)});
    } else if (kind == "looked" && last != nullptr) {
      last->looked.emplace_back(first);
    } else if (kind == "note") {
      answer.notes.emplace_back(first);
    } else if (kind == "action") {
      answer.actions.emplace_back(first);
    }
  }
  return answer;
}

}  // namespace outrigger::segment
