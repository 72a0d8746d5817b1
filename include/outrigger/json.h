// Json: the value that an operation returns. A value type like std::string; members keep their
// order.
//
//     Json{{"greeting", text}, {"times", 3}}        an object
//     Json::array({1, "two", nullptr})              an array
//     value["added"] = true;  list.push_back(4);    both grow
//
// It is a small type for answers, not a document model: no paths, no patches, and lookups are
// linear.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "outrigger/result.h"

namespace outrigger {
namespace internal {

// A template only so that it becomes whole after Json is, and before Json's own functions are
// compiled.
template <typename Value>
struct JsonMember {
  std::string name;
  Value value;
  friend bool operator==(const JsonMember&, const JsonMember&) = default;
};

}  // namespace internal

class Json {
 public:
  using Member = internal::JsonMember<Json>;
  using Array = std::vector<Json>;
  using Object = std::vector<Member>;

  Json() = default;  // null
  Json(std::nullptr_t) {}
  // Not implicit from pointers, which would silently become `true`.
  template <std::same_as<bool> Bool>
  Json(Bool value) : value_(value) {}
  template <std::signed_integral Integer>
    requires(!std::same_as<Integer, char>)
  Json(Integer value) : value_(static_cast<int64_t>(value)) {}
  template <std::unsigned_integral Integer>
    requires(!std::same_as<Integer, bool> && !std::same_as<Integer, char>)
  Json(Integer value) : value_(static_cast<uint64_t>(value)) {}
  template <std::floating_point Float>
  Json(Float value) : value_(static_cast<double>(value)) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  explicit Json(Object members) : value_(std::move(members)) {}
  // An object. A name that occurs twice stays twice: who writes it is who knows.
  Json(std::initializer_list<Member> members);

  // Reads one JSON text (RFC 8259), at most 64 levels deep, of which the last of two members of one
  // name counts. The error says where it stops to be JSON. Needs the operations object, which every
  // outrigger_add_service links.
  static Result<Json> parse(std::string_view text);

  static Json object() { return Json(Object{}); }
  static Json array() { return Json(Array{}); }
  static Json array(std::initializer_list<Json> elements) { return Json(Array(elements)); }

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }
  bool is_number() const { return as_number().has_value(); }
  // Numbers: as written when it is a whole one that fits, and as near as a double comes.
  std::optional<int64_t> as_integer() const;
  std::optional<double> as_number() const;
  // The value when it is of that type, else nullptr.
  const bool* as_bool() const { return std::get_if<bool>(&value_); }
  const std::string* as_string() const { return std::get_if<std::string>(&value_); }
  const Array* as_array() const { return std::get_if<Array>(&value_); }
  const Object* as_object() const { return std::get_if<Object>(&value_); }

  // Members or elements; 0 for everything else.
  std::size_t size() const;
  // The first member of that name; nullptr when there is none or this is no object.
  const Json* find(std::string_view name) const;

  // The member of that name, made (null) when there is none. What is no object becomes an empty one
  // first.
  Json& operator[](std::string_view name);
  // What is no array becomes an empty one first.
  void push_back(Json element);

  // One line. Bytes that are not UTF-8 become U+FFFD, numbers that JSON lacks (NaN, infinities)
  // become null.
  std::string dump() const;
  // Several lines, indented by two, for people.
  std::string pretty() const;

  friend bool operator==(const Json&, const Json&) = default;

 private:
  void write(std::string& out, int depth) const;

  std::variant<std::monostate, bool, int64_t, uint64_t, double, std::string, Array, Object> value_;
};

// Appends `text` as a JSON string, quotes included.
void append_json_string(std::string& out, std::string_view text);

}  // namespace outrigger
