// A file into S3, once.
#pragma once

#include "aws/s3.h"
#include "delivery/report.h"
#include "outrigger/result.h"

namespace outrigger::delivery {

enum class Uploaded { kNow, kBefore };

// Larger files go in parts of this size.
inline constexpr std::size_t kUploadPartBytes = 8u << 20;

// Each part is a line of `report`. The error says what is wrong, and what is there instead.
Result<Uploaded> upload(aws::Client& client, const aws::s3::Place& place, const std::string& file,
                        const std::string& sha256, const Report& report);

}  // namespace outrigger::delivery
