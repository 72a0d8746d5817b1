#include "delivery/fill_in.h"

#include "json/read.h"

namespace outrigger::delivery {

Result<Json> fill_in(std::string_view text, const Words& words) {
  std::string filled;
  while (!text.empty()) {
    const size_t at = text.find('@');
    filled += text.substr(0, at);
    if (at == std::string_view::npos) break;
    text.remove_prefix(at + 1);
    const std::string_view name = text.substr(0, text.find('@'));
    text.remove_prefix(std::min(name.size() + 1, text.size()));
    for (const auto& [word, value] : words) {
      if (word != name) continue;
      std::string quoted;
      append_json_string(quoted, value);
      filled.append(quoted, 1, quoted.size() - 2);
    }
  }
  return json::read(filled);
}

void join(Json& into, Json more) {
  for (const Json::Member& section : *more.as_object()) {
    if (section.value.as_object() == nullptr) continue;
    Json& there = into[section.name];
    for (const Json::Member& member : *section.value.as_object()) there[member.name] = member.value;
  }
}

std::string port_of(std::string_view address) {
  const size_t colon = address.rfind(':');
  if (address.starts_with("unix:") || colon == std::string_view::npos) return {};
  return std::string(address.substr(colon + 1));
}

}  // namespace outrigger::delivery
