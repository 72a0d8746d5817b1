#include "service/readable.h"

#include <algorithm>
#include <vector>

namespace outrigger::service {
namespace {

constexpr size_t kCellBytesMax = 200;

// Text bare; line ends only where there is room for several lines.
enum class Room { kLines, kOneLine };
std::string plain(const Json& value, Room room) {
  const std::string* text = value.as_string();
  if (text == nullptr) return value.is_null() ? "-" : value.dump();
  std::string out;
  for (const char c : *text) {
    const bool kept = static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
    if (kept || c == '\t' || (c == '\n' && room == Room::kLines)) {
      out += c;
    } else {
      constexpr char kHex[] = "0123456789abcdef";
      out += "\\x";
      out += {kHex[(c >> 4) & 0xf], kHex[c & 0xf]};
    }
  }
  return out;
}

bool is_scalar(const Json& value) { return !value.is_array() && !value.is_object(); }

// What a person counts as characters, nearly: UTF-8's continuation bytes have no width.
size_t width_of(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

bool has_same_names(const Json& value, const Json::Object& first) {
  const Json::Object* object = value.as_object();
  if (object == nullptr || object->size() != first.size()) return false;
  for (size_t i = 0; i < first.size(); ++i) {
    if ((*object)[i].name != first[i].name || !is_scalar((*object)[i].value)) return false;
  }
  return true;
}

bool is_table(const Json::Array& rows) {
  const Json::Object* first = rows.empty() ? nullptr : rows.front().as_object();
  return first != nullptr && !first->empty() &&
         std::all_of(rows.begin(), rows.end(),
                     [&](const Json& row) { return has_same_names(row, *first); });
}

void append_table(const Json::Array& rows, const std::string& indent, std::string& out) {
  std::vector<std::vector<std::string>> cells(1);
  for (const Json::Member& member : *rows.front().as_object()) cells[0].push_back(member.name);
  for (const Json& row : rows) {
    auto& line = cells.emplace_back();
    for (const Json::Member& member : *row.as_object())
      line.push_back(plain(member.value, Room::kOneLine).substr(0, kCellBytesMax));
  }
  std::vector<size_t> widths(cells[0].size(), 0);
  for (const auto& line : cells) {
    for (size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], width_of(line[i]));
  }
  for (const auto& line : cells) {
    out += indent;
    for (size_t i = 0; i < line.size(); ++i) {
      out += line[i];
      if (i + 1 < line.size()) out.append(widths[i] - width_of(line[i]) + 2, ' ');
    }
    out += '\n';
  }
}

void append(const Json& value, const std::string& indent, std::string& out) {
  if (const Json::Object* object = value.as_object()) {
    for (const Json::Member& member : *object) {
      out += indent + plain(Json(member.name), Room::kOneLine) + ":";
      if (is_scalar(member.value)) {
        out += " " + plain(member.value, Room::kOneLine) + "\n";
      } else if (member.value.size() == 0) {
        out += " (none)\n";
      } else {
        out += '\n';
        append(member.value, indent + "  ", out);
      }
    }
  } else if (const Json::Array* array = value.as_array()) {
    if (is_table(*array)) return append_table(*array, indent, out);
    for (const Json& each : *array) {
      if (is_scalar(each)) {
        out += indent + plain(each, Room::kOneLine) + "\n";
        continue;
      }
      std::string inner;
      append(each, indent + "  ", inner);
      if (inner.size() > indent.size()) inner[indent.size()] = '-';
      out += inner;
    }
  } else {
    out += indent + plain(value, Room::kLines) + "\n";
  }
}

}  // namespace

std::string readable(const Json& value) {
  if (!is_scalar(value) && value.size() == 0) return "(none)\n";
  std::string out;
  append(value, "", out);
  return out;
}

}  // namespace outrigger::service
