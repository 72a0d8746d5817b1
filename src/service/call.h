// Calling an operation: the same for a command and for a request, so that both agree in result and
// wording.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "outrigger/operation.h"

namespace outrigger::service {

const internal::OperationInfo* find_operation(
    const std::vector<internal::OperationInfo>& operations, std::string_view name);

// Parameters by position: `greet Ada`. One word too many is an error; what is missing, call() says.
Result<internal::ParameterTexts> by_position(const internal::OperationInfo& operation,
                                             const std::vector<std::string>& words);

// Parameters by name: `?name=Ada`.
Result<internal::ParameterTexts> by_name(
    const internal::OperationInfo& operation,
    const std::vector<std::pair<std::string, std::string>>& given);

// Checks that nothing is missing, converts, calls. What the function throws is logged and becomes
// an error.
Result<Json> call(const internal::OperationInfo& operation, const internal::ParameterTexts& texts);

// "greet NAME", "probe URL..."
std::string usage_of(const internal::OperationInfo& operation);

}  // namespace outrigger::service
