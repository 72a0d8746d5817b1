// SHA-256 of a whole file, lower-case hex.
#pragma once

#include <string>

namespace outrigger::delivery {

std::string file_digest(const std::string& path);

}  // namespace outrigger::delivery
