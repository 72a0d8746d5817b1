#include "service/call.h"

#include <algorithm>
#include <exception>

#include "outrigger/log.h"
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

Error too_many(const OperationInfo& operation, const std::string& word) {
  return {ErrorKind::kBadInput,
          "\"" + word + "\" is one word too many: expected " + usage_of(operation),
          {}};
}

Error unknown_parameter(const OperationInfo& operation, const std::string& name) {
  std::vector<std::string> known;
  for (const ParameterInfo& parameter : operation.parameters) known.push_back(parameter.name);
  std::string message = operation.name + " has no parameter \"" + name + "\"";
  if (!known.empty()) message += "; the nearest known one is \"" + nearest(name, known) + "\"";
  return {ErrorKind::kBadInput, std::move(message), name};
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
                                   const std::vector<std::string>& words) {
  ParameterTexts texts(operation.parameters.size());
  size_t at = 0;
  for (const std::string& word : words) {
    if (at == texts.size()) return too_many(operation, word);
    texts[at].push_back(word);
    if (operation.parameters[at].arity != Arity::kMany) ++at;
  }
  return texts;
}

Result<ParameterTexts> by_name(const OperationInfo& operation,
                               const std::vector<std::pair<std::string, std::string>>& given) {
  ParameterTexts texts(operation.parameters.size());
  for (const auto& [name, value] : given) {
    const auto found = std::find_if(
        operation.parameters.begin(), operation.parameters.end(),
        [&name = name](const ParameterInfo& parameter) { return parameter.name == name; });
    if (found == operation.parameters.end()) return unknown_parameter(operation, name);
    std::vector<std::string>& values =
        texts[static_cast<size_t>(found - operation.parameters.begin())];
    if (!values.empty() && found->arity != Arity::kMany) {
      return Error{ErrorKind::kBadInput, name + " is given twice; one value is expected", name};
    }
    values.push_back(value);
  }
  return texts;
}

Result<Json> call(const OperationInfo& operation, const ParameterTexts& texts) {
  for (size_t i = 0; i < texts.size(); ++i) {
    const ParameterInfo& parameter = operation.parameters[i];
    if (texts[i].empty() && parameter.arity != Arity::kOptional) return missing(parameter);
  }
  // What an exception says is for the log: it may name what a caller has no business to know.
  try {
    return operation.call(texts);
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
    switch (parameter.arity) {
      case Arity::kOne: usage += word; break;
      case Arity::kOptional: usage += "[" + word + "]"; break;
      case Arity::kMany: usage += word + "..."; break;
    }
  }
  return usage;
}

}  // namespace outrigger::service
