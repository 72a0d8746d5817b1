#include "s3.h"

#include <openssl/evp.h>

#include <charconv>

namespace outrigger::emulator {
namespace {

std::string digest(std::string_view bytes, const EVP_MD* kind) {
  unsigned char raw[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), raw, &size, kind, nullptr);
  return std::string(reinterpret_cast<char*>(raw), size);
}

std::string base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(size));
  return text;
}

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

std::string etag_of(std::string_view bytes) { return '"' + hex(digest(bytes, EVP_md5())) + '"'; }

int number(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string_view bucket_of(std::string_view path) {
  path.remove_prefix(1);
  return path.substr(0, path.find('/'));
}
std::string_view key_of(std::string_view path) {
  const size_t slash = path.find('/', 1);
  return slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
}

// The texts of <name> in it, in order.
std::vector<std::string_view> all(std::string_view xml, const std::string& name) {
  std::vector<std::string_view> found;
  const std::string begin = "<" + name + ">", end = "</" + name + ">";
  for (size_t at = xml.find(begin); at != std::string_view::npos; at = xml.find(begin, at)) {
    at += begin.size();
    const size_t until = xml.find(end, at);
    if (until == std::string_view::npos) break;
    found.push_back(xml.substr(at, until - at));
  }
  return found;
}

}  // namespace

std::string S3::operation_of(std::string_view method, const http::ServerRequest& request) {
  const bool has_key = !key_of(request.path).empty();
  const bool of_upload = request.parameter("uploadId").has_value();
  if (!has_key)
    return method == "GET" && request.parameter("uploads") ? "ListMultipartUploads" : "Unknown";
  if (method == "HEAD") return "HeadObject";
  if (method == "GET") return of_upload ? "ListParts" : "GetObject";
  if (method == "PUT") return of_upload ? "UploadPart" : "PutObject";
  if (method == "POST" && of_upload) return "CompleteMultipartUpload";
  if (method == "POST" && request.parameter("uploads")) return "CreateMultipartUpload";
  if (method == "DELETE" && of_upload) return "AbortMultipartUpload";
  return "Unknown";
}

Answer S3::answer(const Call& call) {
  using Handler = Answer (S3::*)(const Call&);
  constexpr std::pair<std::string_view, Handler> kHandlers[] = {
      {"HeadObject", &S3::get},
      {"GetObject", &S3::get},
      {"PutObject", &S3::put},
      {"CreateMultipartUpload", &S3::create},
      {"UploadPart", &S3::upload_part},
      {"ListParts", &S3::list_parts},
      {"ListMultipartUploads", &S3::list_uploads},
      {"CompleteMultipartUpload", &S3::complete},
      {"AbortMultipartUpload", &S3::abort}};
  const std::lock_guard lock(mutex_);
  for (const auto& [name, handler] : kHandlers) {
    if (name == call.operation) return (this->*handler)(call);
  }
  violations_.note("operation",
                   "s3 " + std::string(call.http->method) + " " + std::string(call.http->path));
  return refuse(call, "MethodNotAllowed", "the emulator does not know that call", 405);
}

Answer S3::get(const Call& call) {
  const auto found = objects_.find(call.http->path);
  if (found == objects_.end())
    return refuse(call, "NoSuchKey", "The specified key does not exist.", 404);
  const Object& object = found->second;
  Answer answer;
  answer.content_type = "application/octet-stream";
  answer.body = object.bytes;
  answer.headers = {{"ETag", object.etag}};
  if (!object.sha256.empty()) answer.headers.emplace_back("x-amz-meta-sha256", object.sha256);
  return answer;
}

std::optional<Answer> S3::wrong_checksum(const Call& call, const std::string& checksum) {
  const std::string_view stated = call.http->header("x-amz-checksum-sha256");
  if (stated.empty() || stated == checksum) return std::nullopt;
  violations_.note("checksum", "s3 " + call.operation + ": not that of the body");
  return refuse(call, "BadDigest",
                "The SHA256 you specified did not match the calculated checksum.");
}

std::optional<Answer> S3::would_replace(const Call& call) {
  if (call.http->header("if-none-match") != "*" || !objects_.contains(std::string(call.http->path)))
    return std::nullopt;
  return refuse(call, "PreconditionFailed",
                "At least one of the pre-conditions you specified did not hold", 412);
}

Answer S3::put(const Call& call) {
  const std::string checksum = base64(digest(call.body, EVP_sha256()));
  if (auto refused = wrong_checksum(call, checksum)) return std::move(*refused);
  if (auto refused = would_replace(call)) return std::move(*refused);
  objects_[std::string(call.http->path)] = {std::string(call.body),
                                            std::string(call.http->header("x-amz-meta-sha256")),
                                            checksum, etag_of(call.body)};
  Answer answer;
  answer.headers = {{"ETag", etag_of(call.body)}};
  return answer;
}

Answer S3::create(const Call& call) {
  const std::string id = random_hex(48);
  uploads_[id] = {std::string(call.http->path),
                  std::string(call.http->header("x-amz-meta-sha256")),
                  utc_text(clock_.now_s()),
                  {}};
  return xml_answer(
      "<InitiateMultipartUploadResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" +
      element("Bucket", bucket_of(call.http->path)) + element("Key", key_of(call.http->path)) +
      element("UploadId", id) + "</InitiateMultipartUploadResult>");
}

Answer S3::upload_part(const Call& call) {
  const auto upload = uploads_.find(*call.http->parameter("uploadId"));
  const int part = number(call.http->parameter("partNumber").value_or(""));
  if (upload == uploads_.end() || upload->second.path != call.http->path)
    return refuse(call, "NoSuchUpload", "The specified multipart upload does not exist.", 404);
  if (part < 1 || part > 10'000) {
    violations_.note("s3", "partNumber has to be 1 to 10000");
    return refuse(call, "InvalidArgument", "Part number must be an integer between 1 and 10000");
  }
  const std::string checksum = base64(digest(call.body, EVP_sha256()));
  if (auto refused = wrong_checksum(call, checksum)) return std::move(*refused);
  upload->second.parts[part] = {std::string(call.body), checksum, etag_of(call.body)};
  ++parts_taken_;
  Answer answer;
  answer.headers = {{"ETag", etag_of(call.body)}, {"x-amz-checksum-sha256", checksum}};
  return answer;
}

Answer S3::list_parts(const Call& call) {
  constexpr int kPage = 2;  // 1,000 in S3: so that there are pages
  const auto upload = uploads_.find(*call.http->parameter("uploadId"));
  if (upload == uploads_.end())
    return refuse(call, "NoSuchUpload", "The specified multipart upload does not exist.", 404);
  const int marker = number(call.http->parameter("part-number-marker").value_or("0"));
  std::string items;
  int listed = 0, last = marker;
  bool truncated = false;
  for (const auto& [part, held] : upload->second.parts) {
    if (part <= marker) continue;
    truncated = listed == kPage;
    if (truncated) break;
    ++listed;
    last = part;
    items += "<Part>" + element("PartNumber", std::to_string(part)) + element("ETag", held.etag) +
             element("Size", std::to_string(held.bytes.size())) +
             element("ChecksumSHA256", held.checksum) + "</Part>";
  }
  return xml_answer("<ListPartsResult>" + element("IsTruncated", truncated ? "true" : "false") +
                    element("NextPartNumberMarker", std::to_string(last)) + items +
                    "</ListPartsResult>");
}

Answer S3::list_uploads(const Call& call) {
  const std::string prefix(call.http->parameter("prefix").value_or(""));
  std::string items;
  for (const auto& [id, upload] : uploads_) {
    if (bucket_of(upload.path) != bucket_of(call.http->path) ||
        !key_of(upload.path).starts_with(prefix))
      continue;
    items += "<Upload>" + element("Key", key_of(upload.path)) + element("UploadId", id) +
             element("Initiated", upload.begun) + "</Upload>";
  }
  return xml_answer("<ListMultipartUploadsResult>" + element("IsTruncated", "false") + items +
                    "</ListMultipartUploadsResult>");
}

Answer S3::complete(const Call& call) {
  const auto found = uploads_.find(*call.http->parameter("uploadId"));
  if (found == uploads_.end())
    return refuse(call, "NoSuchUpload", "The specified multipart upload does not exist.", 404);
  Upload& upload = found->second;
  if (auto refused = would_replace(call)) return std::move(*refused);
  const auto numbers = all(call.text, "PartNumber"), etags = all(call.text, "ETag");
  if (numbers.empty() || numbers.size() != etags.size())
    return refuse(call, "MalformedXML", "The XML you provided was not well-formed");
  std::string bytes;
  int before = 0;
  for (size_t i = 0; i < numbers.size(); ++i) {
    const int part = number(numbers[i]);
    const auto held = upload.parts.find(part);
    if (part <= before) return refuse(call, "InvalidPartOrder", "The parts are not in order");
    if (held == upload.parts.end() || held->second.etag != etags[i])
      return refuse(call, "InvalidPart", "One or more of the specified parts could not be found.");
    if (i + 1 < numbers.size() && held->second.bytes.size() < kS3PartBytesMin) {
      violations_.note("s3", "a part that is not the last has less than 5 MiB");
      return refuse(call, "EntityTooSmall",
                    "Your proposed upload is smaller than the minimum size");
    }
    before = part;
    bytes += held->second.bytes;
  }
  const std::string path = upload.path;
  const std::string checksum = base64(digest(bytes, EVP_sha256()));
  const std::string etag =
      '"' + hex(digest(bytes, EVP_md5())) + "-" + std::to_string(numbers.size()) + '"';
  objects_[path] = {std::move(bytes), upload.sha256, checksum, etag};
  uploads_.erase(found);
  return xml_answer("<CompleteMultipartUploadResult>" + element("Bucket", bucket_of(path)) +
                    element("Key", key_of(path)) + element("ETag", etag) +
                    "</CompleteMultipartUploadResult>");
}

Answer S3::abort(const Call& call) {
  uploads_.erase(std::string(*call.http->parameter("uploadId")));
  Answer answer;
  answer.status = 204;
  return answer;
}

json::object S3::report() const {
  const std::lock_guard lock(mutex_);
  json::object objects;
  for (const auto& [path, object] : objects_)
    objects[path] = json::object{{"size", object.bytes.size()},
                                 {"sha256", hex(digest(object.bytes, EVP_sha256()))}};
  return {
      {"objects", std::move(objects)}, {"uploads", uploads_.size()}, {"parts_taken", parts_taken_}};
}

}  // namespace outrigger::emulator
