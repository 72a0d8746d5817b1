// S3 as far as a file is put there and fetched: objects, multipart uploads, checksums, writes that
// replace nothing. Buckets are in the path, and made by their first object.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "api.h"

namespace outrigger::emulator {

// Of "Amazon S3 multipart upload limits": every part but the last.
inline constexpr size_t kS3PartBytesMin = 5u << 20;

class S3 {
 public:
  S3(Clock& clock, Violations& violations) : clock_(clock), violations_(violations) {}

  // What a request asks for, by method, path and query: "PutObject", "UploadPart" …
  static std::string operation_of(std::string_view method, const http::ServerRequest& request);

  Answer answer(const Call& call);
  json::object report() const;

 private:
  struct Object {
    std::string bytes;
    std::string sha256;       // its metadata, as the client said
    std::string real_sha256;  // base64
    std::string etag;
  };
  struct Part {
    std::string bytes;
    std::string checksum;  // base64
    std::string etag;
  };
  struct Upload {
    std::string path;
    std::string sha256;
    std::string begun;
    std::map<int, Part> parts;
  };

  Answer get(const Call& call);
  Answer put(const Call& call);
  Answer create(const Call& call);
  Answer upload_part(const Call& call);
  Answer list_parts(const Call& call);
  Answer list_uploads(const Call& call);
  Answer complete(const Call& call);
  Answer abort(const Call& call);
  // None when the body is what its checksum says.
  std::optional<Answer> wrong_checksum(const Call& call, const std::string& checksum);
  std::optional<Answer> would_replace(const Call& call);

  Clock& clock_;
  Violations& violations_;
  mutable std::mutex mutex_;
  std::map<std::string, Object, std::less<>>
      objects_;  // by path; guarded by mutex_, as is the rest
  std::map<std::string, Upload, std::less<>> uploads_;
  uint64_t parts_taken_ = 0;
};

}  // namespace outrigger::emulator
