// S3, REST, buckets in the path. https://docs.aws.amazon.com/AmazonS3/latest/API/
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/client.h"

namespace outrigger::aws::s3 {

// --- Limits (https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html) ------------------
inline constexpr std::size_t kPartBytesMin = 5u << 20;  // but for the last one
inline constexpr int kPartsMax = 10'000;

struct Place {
  std::string bucket;
  std::string key;  // as it is: "prober/1.1.ab41cd0+CHANGES/x86_64/prober"
};

struct Object {
  uint64_t size = 0;
  std::string sha256;  // as whoever put it has said, lower-case hex; "" where nobody did
};
// None where there is no such object. Needs s3:GetObject and, to tell "none" from "forbidden",
// s3:ListBucket.
Outcome<std::optional<Object>> head_object(Client& client, const Place& place,
                                           const http::Cancel* cancel);

// Of at most `bytes_max`. Needs s3:GetObject.
Outcome<std::string> get_object(Client& client, const Place& place, std::size_t bytes_max,
                                const http::Cancel* cancel);

// All that write need s3:PutObject. None of them replaces an object that is there: then the failure
// is "PreconditionFailed" (If-None-Match, since 2024).
Outcome<Done> put_object(Client& client, const Place& place, std::string_view body,
                         std::string_view sha256, const http::Cancel* cancel);

// --- Multipart uploads: what was sent stays, also when the sender ends -------------------------
// Each part's own SHA-256 goes with it, and S3 refuses what arrived as something else.
struct Part {
  int number = 0;  // 1 to kPartsMax
  std::string etag;
  std::string checksum;  // SHA-256, base64
};
// The one that was begun last and not completed; "" where there is none. Needs
// s3:ListBucketMultipartUploads.
Outcome<std::string> find_upload(Client& client, const Place& place, const http::Cancel* cancel);
Outcome<std::string> create_upload(Client& client, const Place& place, std::string_view sha256,
                                   const http::Cancel* cancel);
// Needs s3:ListMultipartUploadParts.
Outcome<std::vector<Part>> list_parts(Client& client, const Place& place, const std::string& upload,
                                      const http::Cancel* cancel);
Outcome<Part> upload_part(Client& client, const Place& place, const std::string& upload, int number,
                          std::string_view body, const http::Cancel* cancel);
Outcome<Done> complete_upload(Client& client, const Place& place, const std::string& upload,
                              const std::vector<Part>& parts, const http::Cancel* cancel);
// Needs s3:AbortMultipartUpload.
Outcome<Done> abort_upload(Client& client, const Place& place, const std::string& upload,
                           const http::Cancel* cancel);

// SHA-256 as S3's headers have it.
std::string checksum_of(std::string_view bytes);

}  // namespace outrigger::aws::s3
