// "Did you mean": the known word that takes the fewest edits.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace outrigger::service {

// Insertions, deletions, substitutions and swaps of neighbours that turn one into the other.
size_t edits(std::string_view from, std::string_view to);

// The first of the nearest, a word that was cut short counting as one edit; empty only when `known`
// is.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace outrigger::service
