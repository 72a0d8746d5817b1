// The Security Token Service. https://docs.aws.amazon.com/STS/latest/APIReference/
#pragma once

#include <string>

#include "aws/client.h"

namespace outrigger::aws::sts {

// The account's number that the client's keys belong to. Everybody may ask.
Outcome<std::string> caller_account(Client& client, const http::Cancel* cancel);

}  // namespace outrigger::aws::sts
