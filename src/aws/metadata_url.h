// Addresses from which credentials may be fetched over plain http: this machine itself, and the
// link-local ones at which AWS answers. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "aws/failure.h"
#include "outrigger/http.h"

namespace outrigger::aws {

// 127.0.0.0/8, ::1, 169.254.0.0/16, fe80::/10, and AWS's own in fd00:ec2::/32.
bool is_near(std::string_view address);

// Lets a request go to near addresses alone, unless its URL is https. Resolved addresses are judged,
// so a name helps nobody.
void keep_near(http::Request& request);

// What such a request's error comes to. `what`: "AWS_CONTAINER_CREDENTIALS_FULL_URI".
Failure metadata_failure(std::string_view what, const http::Request& request, const Error& error);

// The text of a file that a variable names, without space at its end: a token. At most 64 KiB.
// `what` names the variable in the failure; what is in the file is never part of it.
Outcome<std::string> read_token(std::string_view what, const std::string& path);

}  // namespace outrigger::aws
