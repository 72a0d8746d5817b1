// From a template's text to its value: @WORDS@ are replaced, then it is read.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "outrigger/json.h"

namespace outrigger::delivery {

using Words = std::vector<std::pair<std::string_view, std::string>>;

// What stands for a word may be any text where the template has it in quotes.
Result<Json> fill_in(std::string_view text, const Words& words);

// Each member of `more` is joined to the member of that name: "Resources", "Parameters" ...
void join(Json& into, Json more);

// The port of "0.0.0.0:8080", "[::]:8080"; "" where there is none.
std::string port_of(std::string_view address);

}  // namespace outrigger::delivery
