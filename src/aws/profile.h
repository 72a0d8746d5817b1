// The files of a person's own AWS settings, ~/.aws/config and ~/.aws/credentials, as the command line
// of AWS reads them (https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html). For commands
// that a person runs; a service that serves reads no such file.
#pragma once

#include "aws/variables.h"
#include "outrigger/result.h"

namespace outrigger::aws {

// `variables`, and where they name no keys or no region, those of the profile AWS_PROFILE (else
// "default") in AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. An error
// where AWS_PROFILE names one that is not there, or one whose keys do not stand in the files. Reads
// the files now and not again.
Result<Variables> with_profile(Variables variables);

}  // namespace outrigger::aws
