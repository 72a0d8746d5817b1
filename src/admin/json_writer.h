// JSON as text, written in order. Pretty on purpose: it is read with curl as often as with a
// parser. The caller opens and closes what it opened; strings are escaped, numbers that JSON lacks
// become null.
#pragma once

#include <cmath>
#include <concepts>
#include <string>
#include <string_view>

#include "base/number.h"
#include "http/message.h"

namespace outrigger::admin {

class JsonWriter {
 public:
  enum class Layout { kPretty, kOneLine };
  explicit JsonWriter(Layout layout = Layout::kPretty) : layout_(layout) {}

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }

  JsonWriter& key(std::string_view name) {
    separate();
    http::append_json_string(name, text_);
    text_ += layout_ == Layout::kPretty ? ": " : ":";
    after_key_ = true;
    return *this;
  }

  void value(std::string_view text) {
    separate();
    http::append_json_string(text, text_);
  }
  void value(const char* text) { value(std::string_view(text)); }
  void value(bool truth) { raw(truth ? "true" : "false"); }
  void value(std::integral auto number) { digits(number); }
  void value(double number) {
    if (std::isfinite(number)) {
      digits(number);
    } else {
      null();
    }
  }
  void null() { raw("null"); }

  template <typename Value>
  void member(std::string_view name, const Value& content) {
    key(name).value(content);
  }

  // The whole, with a line feed behind it.
  std::string take() {
    text_ += '\n';
    return std::move(text_);
  }

 private:
  void open(char bracket) {
    separate();
    text_ += bracket;
    ++depth_;
    empty_ = true;
  }
  void close(char bracket) {
    --depth_;
    if (!empty_) new_line();
    text_ += bracket;
    empty_ = false;
  }
  // Before each key and each element.
  void separate() {
    if (after_key_) {
      after_key_ = false;
      return;
    }
    if (depth_ == 0) return;
    if (!empty_) text_ += ',';
    empty_ = false;
    new_line();
  }
  void new_line() {
    if (layout_ != Layout::kPretty) return;
    text_ += '\n';
    text_.append(2 * static_cast<std::size_t>(depth_), ' ');
  }
  void raw(std::string_view text) {
    separate();
    text_ += text;
  }
  void digits(auto number) {
    separate();
    base::append_number(text_, number);
  }

  const Layout layout_;
  std::string text_;
  int depth_ = 0;
  bool empty_ = true;  // nothing stands yet in what was opened last
  bool after_key_ = false;
};

}  // namespace outrigger::admin
