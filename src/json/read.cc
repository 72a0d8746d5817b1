#include "json/read.h"

#include <boost/json.hpp>
#include <exception>
#include <string>
#include <utility>

namespace outrigger::json {
namespace {

namespace boost_json = boost::json;

std::string to_string(boost_json::string_view text) { return {text.data(), text.size()}; }

Json converted(const boost_json::value& value) {
  switch (value.kind()) {
    case boost_json::kind::null: return {};
    case boost_json::kind::bool_: return Json(value.get_bool());
    case boost_json::kind::int64: return Json(value.get_int64());
    case boost_json::kind::uint64: return Json(value.get_uint64());
    case boost_json::kind::double_: return Json(value.get_double());
    case boost_json::kind::string: return Json(to_string(value.get_string()));
    case boost_json::kind::array: {
      Json::Array array;
      array.reserve(value.get_array().size());
      for (const boost_json::value& each : value.get_array()) array.push_back(converted(each));
      return Json(std::move(array));
    }
    case boost_json::kind::object: {
      Json::Object object;
      object.reserve(value.get_object().size());
      for (const auto& [name, member] : value.get_object())
        object.push_back({to_string(name), converted(member)});
      return Json(std::move(object));
    }
  }
  return {};
}

Error not_json(std::size_t at, const std::string& why) {
  return {ErrorKind::kBadInput, "not JSON at byte " + std::to_string(at) + ": " + why, {}};
}

}  // namespace

Result<Json> read(std::string_view text) try {
  boost_json::parse_options options;
  options.max_depth = kDepthMax;
  boost_json::stream_parser parser({}, options);
  boost_json::error_code error;
  const std::size_t taken = parser.write_some(text.data(), text.size(), error);
  if (!error && taken < text.size()) return not_json(taken, "it should have ended there");
  if (!error) parser.finish(error);
  if (error) return not_json(taken, error.message());
  return converted(parser.release());
} catch (const std::exception& failure) {
  return not_json(0, failure.what());
}

}  // namespace outrigger::json
