// `prober push`: this very file into S3, where machines fetch it when they boot:
//
//     BUCKET/prober/1.1.ab41cd0/x86_64/prober               the file
//     BUCKET/prober/1.1.ab41cd0/x86_64/<build id>.debug     what the stripped file lacks
//
// What is there is never replaced: the same bytes again change nothing, others are refused. A large
// file goes in parts, which stay when the push is cut off; the next one sends what is missing.
#pragma once

#include "delivery/wanted.h"

namespace outrigger::delivery {

// Prints; returns the exit status.
int push(const Facts& facts, const PushWanted& wanted);

}  // namespace outrigger::delivery
