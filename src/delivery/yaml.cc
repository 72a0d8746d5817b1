#include "delivery/yaml.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace outrigger::delivery {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// YAML 1.1 has more words that are no text.
bool is_word_of_yaml(std::string_view text) {
  constexpr std::array<std::string_view, 9> kWords{"true", "false", "yes", "no", "on",
                                                   "off",  "null",  "y",   "n"};
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return std::find(kWords.begin(), kWords.end(), lower) != kWords.end();
}

bool is_plain(std::string_view text) {
  if (text.empty() || text.back() == ' ' || text.back() == ':' || is_word_of_yaml(text))
    return false;
  if (!is_letter(text.front()) && text.front() != '/') return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ':' && text[i + 1] == ' ') return false;
    if (!is_letter(c) && !is_digit(c) &&
        std::string_view(" _./-:(),;+=").find(c) == std::string_view::npos)
      return false;
  }
  return true;
}

// As it stands, line by line: no line may be indented at the text's beginning, nor hold what does
// not print.
bool is_block(std::string_view text) {
  return text.find('\n') != std::string_view::npos && text.front() != ' ' && text.front() != '\n' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return c == '\n' || (c >= ' ' && c < 0x7f); });
}

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

class Writer {
 public:
  std::string take() { return std::move(out_); }

  // Behind "name:" or "-", or at the beginning of the text.
  void write(const Json& value, size_t depth) {
    if (value.as_object() != nullptr && value.size() > 0) {
      out_ += depth == 0 ? "" : "\n";
      for (const Json::Member& member : *value.as_object()) write_member(member, depth);
    } else if (value.as_array() != nullptr && value.size() > 0) {
      out_ += "\n";
      for (const Json& each : *value.as_array()) write_element(each, depth);
    } else {
      write_scalar(value, depth);
    }
  }

 private:
  void indent(size_t depth) { out_.append(2 * depth, ' '); }

  void write_member(const Json::Member& member, size_t depth) {
    indent(depth);
    out_ += (is_plain(member.name) ? member.name : quoted(member.name)) + ":";
    write(member.value, depth + 1);
  }

  // "- " stands where the first member's indentation would.
  void write_element(const Json& element, size_t depth) {
    const size_t begin = out_.size();
    if (element.as_object() != nullptr && element.size() > 0) {
      for (const Json::Member& member : *element.as_object()) write_member(member, depth + 1);
      out_.replace(begin + 2 * depth, 2, "- ");
    } else {
      indent(depth);
      out_ += "-";
      write(element, depth + 1);
    }
  }

  void write_scalar(const Json& value, size_t depth) {
    const std::string* text = value.as_string();
    if (text == nullptr) {
      out_ += " " + value.dump() + "\n";
    } else if (!text->empty() && is_block(*text)) {
      out_ += text->ends_with('\n') ? " |\n" : " |-\n";
      for (std::string_view rest = *text; !rest.empty();) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        if (!line.empty()) indent(depth);
        out_.append(line).append("\n");
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      }
    } else {
      out_ += " " + (is_plain(*text) ? *text : quoted(*text)) + "\n";
    }
  }

  std::string out_;
};

}  // namespace

std::string yaml(const Json& value) {
  Writer writer;
  writer.write(value, 0);
  return writer.take();
}

}  // namespace outrigger::delivery
