// Reading JSON answers: what is missing or of another type is nothing. For .cc files: it brings
// Boost.JSON along.
#pragma once

#include <boost/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace outrigger::aws {

inline boost::json::string_view json_view(std::string_view text) {
  return {text.data(), text.size()};
}

inline std::optional<boost::json::object> json_object(std::string_view text) {
  boost::json::error_code error;
  boost::json::value parsed = boost::json::parse(json_view(text), error);
  if (error || !parsed.is_object()) return std::nullopt;
  return std::move(parsed.get_object());
}

inline std::string text_in(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(json_view(name));
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

inline std::optional<int64_t> number_in(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(json_view(name));
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  return value->get_int64();
}

inline const boost::json::object* object_in(const boost::json::object& object,
                                            std::string_view name) {
  const boost::json::value* value = object.if_contains(json_view(name));
  return value == nullptr ? nullptr : value->if_object();
}

inline const boost::json::array* array_in(const boost::json::object& object,
                                          std::string_view name) {
  const boost::json::value* value = object.if_contains(json_view(name));
  return value == nullptr ? nullptr : value->if_array();
}

}  // namespace outrigger::aws
