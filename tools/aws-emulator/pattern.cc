#include "pattern.h"

#include <algorithm>
#include <charconv>

namespace outrigger::emulator {
namespace {

class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool take(std::string_view word) {
    skip();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  std::string take_while(std::string_view more) {
    skip();
    size_t size = 0;
    while (size < rest_.size() && (isalnum(static_cast<unsigned char>(rest_[size])) ||
                                   more.find(rest_[size]) != std::string_view::npos))
      ++size;
    std::string word(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return word;
  }
  // Behind an opening quote, up to the closing one.
  bool take_quoted(std::string& text) {
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
      text += rest_.front();
      rest_.remove_prefix(1);
    }
    if (rest_.empty()) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool at_end() {
    skip();
    return rest_.empty();
  }

 private:
  void skip() {
    while (!rest_.empty() && isspace(static_cast<unsigned char>(rest_.front())))
      rest_.remove_prefix(1);
  }
  std::string_view rest_;
};

bool text_matches(std::string_view pattern, std::string_view text) {
  const bool open_front = pattern.starts_with('*');
  const bool open_back = pattern.size() > 1 && pattern.ends_with('*');
  if (open_front) pattern.remove_prefix(1);
  if (open_back) pattern.remove_suffix(1);
  if (open_front && open_back) return text.find(pattern) != std::string_view::npos;
  if (open_front) return text.ends_with(pattern);
  if (open_back) return text.starts_with(pattern);
  return text == pattern;
}

template <typename T>
bool compare(const T& left, std::string_view comparison, const T& right) {
  if (comparison == "=") return left == right;
  if (comparison == "!=") return left != right;
  if (comparison == "<") return left < right;
  if (comparison == "<=") return left <= right;
  if (comparison == ">") return left > right;
  return left >= right;
}

}  // namespace

Result<Pattern> Pattern::parse(std::string_view text) {
  Pattern pattern;
  Scanner scanner(text);
  const Error error = bad_input("filterPattern", text, "a pattern like { $.level = \"ERROR\" }");
  if (!scanner.take("{")) {
    for (;;) {
      if (scanner.at_end()) return pattern;
      std::string term;
      if (scanner.take("\"")) {
        if (!scanner.take_quoted(term)) return error;
      } else {
        term = scanner.take_while("_-.:/=");
        if (term.empty()) return error;
      }
      pattern.terms_.push_back(std::move(term));
    }
  }
  pattern.is_json_ = true;
  pattern.any_of_all_.emplace_back();
  for (;;) {
    Condition condition;
    if (!scanner.take("$")) return error;
    while (scanner.take(".")) {
      std::string name = scanner.take_while("_-");
      if (name.empty()) return error;
      condition.path.push_back(std::move(name));
    }
    for (const std::string_view known : {"!=", "<=", ">=", "=", "<", ">"}) {
      if (condition.comparison.empty() && scanner.take(known)) condition.comparison = known;
    }
    if (condition.path.empty() || condition.comparison.empty()) return error;
    if (scanner.take("\"")) {
      condition.is_text = true;
      if (!scanner.take_quoted(condition.text)) return error;
    } else {
      const std::string word = scanner.take_while("+-._*");
      const char* const end = word.data() + word.size();
      condition.is_text =
          word.empty() || std::from_chars(word.data(), end, condition.number).ptr != end;
      condition.text = word;
      if (word.empty()) return error;
    }
    pattern.any_of_all_.back().push_back(std::move(condition));
    if (scanner.take("&&")) continue;
    if (scanner.take("||")) {
      pattern.any_of_all_.emplace_back();
      continue;
    }
    break;
  }
  if (!scanner.take("}") || !scanner.at_end()) return error;
  return pattern;
}

bool Pattern::holds(const Condition& condition, const boost::json::value& whole) {
  const boost::json::value* value = &whole;
  for (const std::string& name : condition.path) {
    if (!value->is_object()) return false;
    value = value->get_object().if_contains(name);
    if (value == nullptr) return false;
  }
  if (condition.is_text) {
    if (!value->is_string()) return false;
    const std::string_view text(value->get_string().data(), value->get_string().size());
    const bool equal = text_matches(condition.text, text);
    return condition.comparison == "!=" ? !equal : condition.comparison == "=" && equal;
  }
  return value->is_number() &&
         compare(value->to_number<double>(), condition.comparison, condition.number);
}

bool Pattern::matches(std::string_view message) const {
  if (!is_json_) {
    return std::all_of(terms_.begin(), terms_.end(), [&](const std::string& term) {
      return message.find(term) != std::string_view::npos;
    });
  }
  boost::json::error_code error;
  const boost::json::value value = boost::json::parse({message.data(), message.size()}, error);
  if (error) return false;
  return std::any_of(any_of_all_.begin(), any_of_all_.end(), [&](const auto& all) {
    return std::all_of(all.begin(), all.end(),
                       [&](const Condition& condition) { return holds(condition, value); });
  });
}

}  // namespace outrigger::emulator
