#include "service/call.h"

#include <algorithm>
#include <exception>

#include "outrigger/log.h"
#include "outrigger/profile.h"
#include "service/nearest.h"

namespace outrigger::service {

using internal::Arity;
using internal::OperationInfo;
using internal::ParameterInfo;
using internal::ParameterTexts;

namespace {

Error missing(const ParameterInfo& parameter) {
  return {ErrorKind::kBadInput, parameter.name + " is missing: " + parameter.help, parameter.name};
}

Error too_few(const ParameterInfo& parameter) {
  return {ErrorKind::kBadInput,
          parameter.name + " is given too seldom: expected at least " +
              std::to_string(parameter.at_least) + " values",
          parameter.name};
}

Error too_many(const OperationInfo& operation, const std::string& word) {
  return {ErrorKind::kBadInput,
          "\"" + word + "\" is one word too many: expected " + usage_of(operation),
          {}};
}

Error given_twice(const ParameterInfo& parameter) {
  return {ErrorKind::kBadInput, parameter.name + " is given twice; one value is expected",
          parameter.name};
}

Error unknown_parameter(const OperationInfo& operation, const std::string& name) {
  std::vector<std::string> known;
  for (const ParameterInfo& parameter : operation.parameters) known.push_back(parameter.name);
  std::string message = operation.name + " has no parameter \"" + name + "\"";
  if (!known.empty()) message += "; the nearest known one is \"" + nearest(name, known) + "\"";
  return {ErrorKind::kBadInput, std::move(message), name};
}

std::string_view type_of(const Json& value) {
  if (value.as_string() != nullptr) return "text";
  if (value.as_bool() != nullptr) return "boolean";
  if (value.is_number()) return "number";
  return value.is_array() ? "list" : "object";
}

// A member's value as it would stand in a query. Strict, as /openapi.json promises: "3" is no
// number, 3 is no text.
Result<std::string> text_in(const ParameterInfo& parameter, const Json& value) {
  const bool is_text = parameter.type == "text" || parameter.type == "duration";
  const bool is_boolean = parameter.type == "boolean";
  if (is_text && value.as_string() != nullptr) return *value.as_string();
  if (is_boolean && value.as_bool() != nullptr) return value.dump();
  if (!is_text && !is_boolean && value.is_number()) return value.dump();
  return Error{ErrorKind::kBadInput,
               parameter.name + " is of the type " + std::string(type_of(value)) +
                   " in the body; expected " + std::string(parameter.type),
               parameter.name};
}

Result<size_t> place_of(const OperationInfo& operation, const std::string& name) {
  for (size_t i = 0; i < operation.parameters.size(); ++i) {
    if (operation.parameters[i].name == name) return i;
  }
  return unknown_parameter(operation, name);
}

Result<void> add_text(const OperationInfo& operation, const std::string& name, std::string value,
                      ParameterTexts& texts) {
  const Result<size_t> place = place_of(operation, name);
  if (!place.ok()) return place.error();
  const ParameterInfo& parameter = operation.parameters[*place];
  if (!texts[*place].empty() && parameter.arity != Arity::kMany) return given_twice(parameter);
  texts[*place].push_back(std::move(value));
  return {};
}

// null is the same as not given.
Result<void> add_json(const OperationInfo& operation, const std::string& name, const Json& value,
                      ParameterTexts& texts) {
  const Result<size_t> place = place_of(operation, name);
  if (!place.ok()) return place.error();
  if (value.is_null()) return {};
  const ParameterInfo& parameter = operation.parameters[*place];
  const auto add = [&](const Json& each) -> Result<void> {
    Result<std::string> text = text_in(parameter, each);
    if (!text.ok()) return text.error();
    return add_text(operation, name, std::move(*text), texts);
  };
  if (parameter.arity != Arity::kMany || !value.is_array()) return add(value);
  for (const Json& each : *value.as_array()) {
    if (Result<void> done = add(each); !done.ok()) return done;
  }
  return {};
}

Error threw(const OperationInfo& operation) {
  return {ErrorKind::kFailed, operation.name + " failed unexpectedly; the log says why", {}};
}

}  // namespace

const OperationInfo* find_operation(const std::vector<OperationInfo>& operations,
                                    std::string_view name) {
  const auto found =
      std::find_if(operations.begin(), operations.end(),
                   [&](const OperationInfo& operation) { return operation.name == name; });
  return found == operations.end() ? nullptr : &*found;
}

Result<ParameterTexts> by_position(const OperationInfo& operation,
                                   const std::vector<std::string>& words, ParameterTexts named) {
  ParameterTexts texts = std::move(named);
  texts.resize(operation.parameters.size());
  std::vector<size_t> open;  // not given by name
  for (size_t i = 0; i < texts.size(); ++i) {
    if (texts[i].empty()) open.push_back(i);
    if (texts[i].size() > 1 && operation.parameters[i].arity != Arity::kMany)
      return given_twice(operation.parameters[i]);
  }
  size_t at = 0;
  for (const std::string& word : words) {
    if (at == open.size()) return too_many(operation, word);
    texts[open[at]].push_back(word);
    if (operation.parameters[open[at]].arity != Arity::kMany) ++at;
  }
  return texts;
}

Result<ParameterTexts> by_name(const OperationInfo& operation,
                               const std::vector<std::pair<std::string, std::string>>& given,
                               const Json& body) {
  ParameterTexts texts(operation.parameters.size());
  for (const auto& [name, value] : given) {
    if (Result<void> done = add_text(operation, name, value, texts); !done.ok())
      return done.error();
  }
  if (body.is_null()) return texts;
  for (const Json::Member& member : *body.as_object()) {
    if (Result<void> done = add_json(operation, member.name, member.value, texts); !done.ok())
      return done.error();
  }
  return texts;
}

Result<Json> call(const OperationInfo& operation, internal::Caller& caller,
                  const ParameterTexts& texts) {
  for (size_t i = 0; i < texts.size(); ++i) {
    const ParameterInfo& parameter = operation.parameters[i];
    if (texts[i].empty() && !parameter.may_be_left_out()) return missing(parameter);
    if (parameter.arity == Arity::kMany && texts[i].size() < parameter.at_least)
      return too_few(parameter);
  }
  const auto tag = outrigger::profile::label("operation", operation.name);
  const Call call(caller);
  Lines lines(caller, call);
  // What an exception says is for the log: it may name what a caller has no business to know.
  try {
    return operation.call(call, lines, texts);
  } catch (const std::exception& thrown) {
    log::error("operation {operation} threw: {what}", operation.name, thrown.what());
  } catch (...) {
    log::error("operation {operation} threw something that is no std::exception", operation.name);
  }
  return threw(operation);
}

std::string usage_of(const OperationInfo& operation) {
  std::string usage = operation.name;
  for (const ParameterInfo& parameter : operation.parameters) {
    std::string word = parameter.name;
    for (char& c : word) {
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    usage += ' ';
    if (parameter.arity == Arity::kMany) word += "...";
    usage += parameter.may_be_left_out() ? "[" + word + "]" : word;
  }
  return usage;
}

}  // namespace outrigger::service

namespace outrigger {

Error Call::why() const {
  if (std::chrono::steady_clock::now() >= deadline_)
    return {ErrorKind::kTimeout, "the time was over before there was a result", {}};
  return {ErrorKind::kUnavailable, "cancelled: nobody waits for the result any more", {}};
}

bool Lines::write(const Json& line) {
  if (call_.cancelled()) return false;
  return caller_.write(line);
}

}  // namespace outrigger
