#include "outrigger/json.h"

#include <cmath>

#include "base/number.h"

namespace outrigger {
namespace {

constexpr int kOneLine = -1;

// The length of the UTF-8 sequence at the front of `text`, 0 when it is none (RFC 3629: no overlong
// forms, no surrogates).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](std::size_t i, unsigned char low = 0x80, unsigned char high = 0xbf) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return continues(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const unsigned char low = first == 0xe0 ? 0xa0 : 0x80;
    const unsigned char high = first == 0xed ? 0x9f : 0xbf;
    return continues(1, low, high) && continues(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const unsigned char low = first == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = first == 0xf4 ? 0x8f : 0xbf;
    return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

void append_control(std::string& out, char c) {
  constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default:
      out += "\\u00";
      out += kHex[(c >> 4) & 0xf];
      out += kHex[c & 0xf];
  }
}

void append_line(std::string& out, int depth) {
  if (depth == kOneLine) return;
  out += '\n';
  out.append(static_cast<std::size_t>(depth) * 2, ' ');
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const char c = text.front();
    std::size_t taken = 1;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      append_control(out, c);
    } else if (const std::size_t length = utf8_length(text); length > 0) {
      out.append(text.substr(0, length));
      taken = length;
    } else {
      out += "\xef\xbf\xbd";
    }
    text.remove_prefix(taken);
  }
  out += '"';
}

Json::Json(std::initializer_list<Member> members) : value_(Object(members)) {}

std::optional<int64_t> Json::as_integer() const {
  if (const auto* integer = std::get_if<int64_t>(&value_)) return *integer;
  if (const auto* natural = std::get_if<uint64_t>(&value_)) {
    if (*natural <= static_cast<uint64_t>(INT64_MAX)) return static_cast<int64_t>(*natural);
  }
  return {};
}

std::optional<double> Json::as_number() const {
  if (const auto* integer = std::get_if<int64_t>(&value_)) return static_cast<double>(*integer);
  if (const auto* natural = std::get_if<uint64_t>(&value_)) return static_cast<double>(*natural);
  if (const auto* real = std::get_if<double>(&value_)) return *real;
  return {};
}

std::size_t Json::size() const {
  if (const Array* array = as_array()) return array->size();
  if (const Object* object = as_object()) return object->size();
  return 0;
}

const Json* Json::find(std::string_view name) const {
  if (const Object* object = as_object()) {
    for (const Member& member : *object) {
      if (member.name == name) return &member.value;
    }
  }
  return nullptr;
}

Json& Json::operator[](std::string_view name) {
  if (!is_object()) value_ = Object{};
  Object& object = std::get<Object>(value_);
  for (Member& member : object) {
    if (member.name == name) return member.value;
  }
  return object.emplace_back(Member{std::string(name), Json{}}).value;
}

void Json::push_back(Json element) {
  if (!is_array()) value_ = Array{};
  std::get<Array>(value_).push_back(std::move(element));
}

std::string Json::dump() const {
  std::string out;
  write(out, kOneLine);
  return out;
}

std::string Json::pretty() const {
  std::string out;
  write(out, 0);
  return out;
}

// `depth` is the indentation of the line that this value starts on, or kOneLine.
void Json::write(std::string& out, int depth) const {
  const int inner = depth == kOneLine ? kOneLine : depth + 1;
  if (is_null()) {
    out += "null";
  } else if (const bool* truth = as_bool()) {
    out += *truth ? "true" : "false";
  } else if (const auto* integer = std::get_if<int64_t>(&value_)) {
    base::append_number(out, *integer);
  } else if (const auto* natural = std::get_if<uint64_t>(&value_)) {
    base::append_number(out, *natural);
  } else if (const auto* real = std::get_if<double>(&value_)) {
    std::isfinite(*real) ? base::append_number(out, *real) : void(out += "null");
  } else if (const std::string* text = as_string()) {
    append_json_string(out, *text);
  } else if (const Array* array = as_array()) {
    out += '[';
    for (std::size_t i = 0; i < array->size(); ++i) {
      if (i > 0) out += ',';
      append_line(out, inner);
      (*array)[i].write(out, inner);
    }
    if (!array->empty()) append_line(out, depth);
    out += ']';
  } else if (const Object* object = as_object()) {
    out += '{';
    for (std::size_t i = 0; i < object->size(); ++i) {
      if (i > 0) out += ',';
      append_line(out, inner);
      append_json_string(out, (*object)[i].name);
      out += depth == kOneLine ? ":" : ": ";
      (*object)[i].value.write(out, inner);
    }
    if (!object->empty()) append_line(out, depth);
    out += '}';
  }
}

}  // namespace outrigger
