// Calling an operation: the same for a command and for a request, so that both agree in result and
// wording. Whatever is to stand around every call of a user's function belongs into call().
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "outrigger/operation.h"

namespace outrigger::service {

const internal::OperationInfo* find_operation(
    const std::vector<internal::OperationInfo>& operations, std::string_view name);

// Parameters on the command line: `greet Ada`, `greet --name Ada`. `named` holds those given by
// name; the words fill the others in their order. One too many is an error; what is missing, call()
// says.
Result<internal::ParameterTexts> by_position(const internal::OperationInfo& operation,
                                             const std::vector<std::string>& words,
                                             internal::ParameterTexts named);

// Parameters by name: `?name=Ada`, and the members of `body`, an object or null.
Result<internal::ParameterTexts> by_name(
    const internal::OperationInfo& operation,
    const std::vector<std::pair<std::string, std::string>>& given, const Json& body);

// Checks that nothing is missing, converts, calls. What the function throws is logged and becomes
// an error.
Result<Json> call(const internal::OperationInfo& operation, internal::Caller& caller,
                  const internal::ParameterTexts& texts);

// "greet NAME [TIMES]", "probe URL..."
std::string usage_of(const internal::OperationInfo& operation);

}  // namespace outrigger::service
