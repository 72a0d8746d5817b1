#include "aws/s3.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <charconv>

#include "aws/xml.h"

namespace outrigger::aws::s3 {
namespace {

// Of one attempt: a part takes its time on a slow line.
constexpr std::chrono::milliseconds kTimeout{180'000};
// Somebody waits for it to be done, and each may be sent again without harm.
constexpr int kAttemptsOfPush = 10;

// What is in no path or query is encoded, "+" among it; the key's slashes stay.
std::string path_of(const Place& place) {
  std::string path = "/" + percent_encode(place.bucket) + "/";
  for (std::string_view rest = place.key;;) {
    const std::string_view segment = rest.substr(0, rest.find('/'));
    path += percent_encode(segment);
    if (segment.size() == rest.size()) return path;
    path += '/';
    rest.remove_prefix(segment.size() + 1);
  }
}

struct Asked {
  std::string_view method;
  std::string_view path;
  std::string_view query{};
  std::string_view body{};
  Headers headers{};
  size_t answer_bytes_max = 4u << 20;
};

Outcome<http::Response> ask(Client& client, Asked asked, const http::Cancel* cancel) {
  Call call;
  call.service = Service::kS3;
  call.method = asked.method;
  call.path = asked.path;
  call.query = asked.query;
  call.body = asked.body;
  call.headers = std::move(asked.headers);
  call.headers.emplace_back("x-amz-content-sha256", sha256_hex(asked.body));
  call.timeout = kTimeout;
  call.attempts = kAttemptsOfPush;
  call.answer_bytes_max = asked.answer_bytes_max;
  return client.call(call, cancel);
}

uint64_t number(std::string_view text) {
  uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Headers described(std::string_view sha256) {
  return {{"Content-Type", "application/octet-stream"}, {"x-amz-meta-sha256", std::string(sha256)}};
}

std::string upload_query(const std::string& upload) { return "uploadId=" + percent_encode(upload); }

}  // namespace

std::string checksum_of(std::string_view bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  unsigned char text[4 * ((SHA256_DIGEST_LENGTH + 2) / 3) + 1];
  const int size = EVP_EncodeBlock(text, digest, sizeof digest);
  return std::string(reinterpret_cast<char*>(text), static_cast<size_t>(size));
}

Outcome<std::optional<Object>> head_object(Client& client, const Place& place,
                                           const http::Cancel* cancel) {
  const std::string path = path_of(place);
  const auto answer = ask(client, {.method = "HEAD", .path = path}, cancel);
  if (!answer && answer.failure().status == 404) return std::optional<Object>();
  if (!answer) return answer.failure();
  return std::optional<Object>({number(header_of(*answer, "Content-Length")),
                                std::string(header_of(*answer, "x-amz-meta-sha256"))});
}

Outcome<std::string> get_object(Client& client, const Place& place, size_t bytes_max,
                                const http::Cancel* cancel) {
  const std::string path = path_of(place);
  auto answer = ask(client, {.method = "GET", .path = path, .answer_bytes_max = bytes_max}, cancel);
  if (!answer) return answer.failure();
  return std::move(answer->body);
}

Outcome<Done> put_object(Client& client, const Place& place, std::string_view body,
                         std::string_view sha256, const http::Cancel* cancel) {
  const std::string path = path_of(place);
  Headers headers = described(sha256);
  headers.emplace_back("If-None-Match", "*");
  headers.emplace_back("x-amz-checksum-sha256", checksum_of(body));
  const auto answer = ask(
      client, {.method = "PUT", .path = path, .body = body, .headers = std::move(headers)}, cancel);
  if (!answer) return answer.failure();
  return Done{};
}

Outcome<std::string> find_upload(Client& client, const Place& place, const http::Cancel* cancel) {
  const std::string path = "/" + percent_encode(place.bucket);
  const std::string query = "prefix=" + percent_encode(place.key) + "&uploads=";
  const auto answer = ask(client, {.method = "GET", .path = path, .query = query}, cancel);
  if (!answer) return answer.failure();
  const auto xml = Xml::parse(answer->body);
  if (!xml) return not_understood("ListMultipartUploads");
  std::string last, since;
  for (const Xml::Node each : xml->root().all("Upload")) {
    // ISO 8601: as text, they are in the order of time.
    const std::string begun = each.text("Initiated");
    if (each.text("Key") == place.key && begun >= since) {
      since = begun;
      last = each.text("UploadId");
    }
  }
  return last;
}

Outcome<std::string> create_upload(Client& client, const Place& place, std::string_view sha256,
                                   const http::Cancel* cancel) {
  const std::string path = path_of(place);
  Headers headers = described(sha256);
  headers.emplace_back("x-amz-checksum-algorithm", "SHA256");
  const auto answer = ask(
      client, {.method = "POST", .path = path, .query = "uploads=", .headers = std::move(headers)},
      cancel);
  if (!answer) return answer.failure();
  const auto xml = Xml::parse(answer->body);
  std::string upload = xml ? xml->root().text("UploadId") : "";
  if (upload.empty()) return not_understood("CreateMultipartUpload");
  return upload;
}

Outcome<std::vector<Part>> list_parts(Client& client, const Place& place, const std::string& upload,
                                      const http::Cancel* cancel) {
  const std::string path = path_of(place);
  std::vector<Part> parts;
  for (std::string marker = "0";;) {
    const std::string query = "part-number-marker=" + marker + "&" + upload_query(upload);
    const auto answer = ask(client, {.method = "GET", .path = path, .query = query}, cancel);
    if (!answer) return answer.failure();
    const auto xml = Xml::parse(answer->body);
    if (!xml) return not_understood("ListParts");
    for (const Xml::Node each : xml->root().all("Part"))
      parts.push_back({static_cast<int>(number(each.text("PartNumber"))), each.text("ETag"),
                       each.text("ChecksumSHA256")});
    const std::string next = xml->root().text("NextPartNumberMarker");
    if (xml->root().text("IsTruncated") != "true" || number(next) <= number(marker)) return parts;
    marker = std::to_string(number(next));
  }
}

Outcome<Part> upload_part(Client& client, const Place& place, const std::string& upload, int number,
                          std::string_view body, const http::Cancel* cancel) {
  const std::string path = path_of(place);
  const std::string query = "partNumber=" + std::to_string(number) + "&" + upload_query(upload);
  const std::string checksum = checksum_of(body);
  const auto answer = ask(client,
                          {.method = "PUT",
                           .path = path,
                           .query = query,
                           .body = body,
                           .headers = {{"x-amz-checksum-sha256", checksum}}},
                          cancel);
  if (!answer) return answer.failure();
  return Part{number, std::string(header_of(*answer, "ETag")), checksum};
}

Outcome<Done> complete_upload(Client& client, const Place& place, const std::string& upload,
                              const std::vector<Part>& parts, const http::Cancel* cancel) {
  std::string body = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (const Part& part : parts) {
    body.append("<Part><PartNumber>").append(std::to_string(part.number)).append("</PartNumber>");
    // An ETag is letters, digits and its quotes; base64 needs no escape.
    body.append("<ETag>").append(part.etag).append("</ETag><ChecksumSHA256>");
    body.append(part.checksum).append("</ChecksumSHA256></Part>");
  }
  body += "</CompleteMultipartUpload>";
  const std::string path = path_of(place);
  const std::string query = upload_query(upload);
  const auto answer =
      ask(client,
          {.method = "POST",
           .path = path,
           .query = query,
           .body = body,
           .headers = {{"Content-Type", "application/xml"}, {"If-None-Match", "*"}}},
          cancel);
  if (!answer) return answer.failure();
  // It may fail when the head of its answer is out already: then an error comes with status 200.
  const auto xml = Xml::parse(answer->body);
  if (!xml || xml->root().text("Key").empty()) {
    if (xml && !xml->root().text("Code").empty())
      return Failure{FailureKind::kTransient, 200, xml->root().text("Code"),
                     xml->root().text("Message"), true};
    return not_understood("CompleteMultipartUpload");
  }
  return Done{};
}

Outcome<Done> abort_upload(Client& client, const Place& place, const std::string& upload,
                           const http::Cancel* cancel) {
  const std::string path = path_of(place);
  const std::string query = upload_query(upload);
  const auto answer = ask(client, {.method = "DELETE", .path = path, .query = query}, cancel);
  if (!answer) return answer.failure();
  return Done{};
}

}  // namespace outrigger::aws::s3
