// The script that a machine runs when it boots for the first time: it fetches the one file, checks
// it, and runs its -init. Pure.
#pragma once

#include <string>
#include <string_view>

#include "delivery/wanted.h"
#include "outrigger/json.h"

namespace outrigger::delivery {

// The whole script, for the values given.
std::string user_data(const Facts& facts, const UserDataWanted& wanted);
// The same as CloudFormation puts it together from the stack's parameters.
Json user_data_of_stack(const Facts& facts, const std::vector<std::string>& run_words);

// Of EC2's user data, before it is encoded.
inline constexpr std::size_t kUserDataBytesMax = 16'384;

}  // namespace outrigger::delivery
