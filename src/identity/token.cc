#include "identity/token.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <vector>

#include "aws/sigv4.h"
#include "base/hex.h"
#include "http/url.h"

namespace outrigger::identity {
namespace {

// Longer than any session token that AWS gives makes it; a request's head has 16 KiB in all.
constexpr size_t kUrlBytesMax = 8 << 10;
constexpr std::string_view kVersion = "2011-06-15";
constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kSignedHeaders = "host;x-outrigger-audience;x-outrigger-nonce";
// Of temporary credentials, which alone belong to a role.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
constexpr std::string_view kTemporary = "ASIA";

// In the order in which they are signed: by name.
enum Parameter {
  kAction,
  kVersionIs,
  kAlgorithmIs,
  kCredential,
  kDate,
  kExpires,
  kSecurityToken,
  kHeaders,
  kSignature,
  kParameters
};
constexpr std::array<std::string_view, kParameters> kNames = {
    "Action",         "Version",       "X-Amz-Algorithm",      "X-Amz-Credential",
    "X-Amz-Date",     "X-Amz-Expires", "X-Amz-Security-Token", "X-Amz-SignedHeaders",
    "X-Amz-Signature"};
using Values = std::array<std::string, kParameters>;

Error wrong(std::string sentence) { return {ErrorKind::kBadInput, std::move(sentence), {}}; }

std::string base64url(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(size));
  while (text.ends_with('=')) text.pop_back();
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

Result<std::string> from_base64url(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  if (text.empty() || text.size() % 4 == 1 || !std::all_of(text.begin(), text.end(), fits))
    return wrong("the token is no base64url");
  std::string padded(text);
  std::replace(padded.begin(), padded.end(), '-', '+');
  std::replace(padded.begin(), padded.end(), '_', '/');
  const size_t padding = (4 - padded.size() % 4) % 4;
  padded.append(padding, '=');
  std::string bytes(padded.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(padded.data()),
                                   static_cast<int>(padded.size()));
  if (size < 0) return wrong("the token is no base64url");
  bytes.resize(static_cast<size_t>(size) - padding);
  return bytes;
}

std::string query_of(const Values& values) {
  std::string query;
  for (size_t i = 0; i < kParameters; ++i) {
    if (!query.empty()) query += '&';
    query.append(kNames[i]).append("=").append(aws::percent_encode(values[i]));
  }
  return query;
}

// Each of the names once, in any order, and no other.
Result<Values> values_in(std::string_view query) {
  Values values;
  std::array<bool, kParameters> seen{};
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), part.size() + 1));
    const size_t equals = std::min(part.find('='), part.size());
    const auto name = std::find(kNames.begin(), kNames.end(), part.substr(0, equals));
    if (name == kNames.end()) return wrong("a parameter that does not belong there");
    const auto at = static_cast<size_t>(name - kNames.begin());
    if (seen[at]) return wrong(std::string(*name) + " stands there twice");
    seen[at] = true;
    if (!http::percent_decode(part.substr(std::min(equals + 1, part.size())), http::Plus::kLiteral,
                              values[at]))
      return wrong(std::string(*name) + " has an escape that is none");
  }
  for (size_t i = 0; i < kParameters; ++i)
    if (!seen[i]) return wrong(std::string(kNames[i]) + " is missing");
  return values;
}

// "20261124T020523Z" to the letter: one second, one text.
Result<int64_t> time_in(const std::string& text) {
  tm parts{};
  const char* const end = strptime(text.c_str(), "%Y%m%dT%H%M%SZ", &parts);
  if (end == nullptr || *end != '\0') return wrong("X-Amz-Date is no time");
  const int64_t seconds = timegm(&parts);
  if (aws::amz_date(seconds) != text) return wrong("X-Amz-Date is no time");
  return seconds;
}

Result<int64_t> life_in(const std::string& text) {
  const bool digits =
      !text.empty() && text.size() <= 2 &&
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  const int64_t seconds = digits ? std::stoi(text) : 0;
  if (seconds < 1 || seconds > kLifeSeconds)
    return wrong("X-Amz-Expires is not 1 to " + std::to_string(kLifeSeconds));
  return seconds;
}

bool is_temporary_key(std::string_view id) {
  return id.starts_with(kTemporary) && id.size() >= 16 && id.size() <= 128 &&
         std::all_of(id.begin(), id.end(),
                     [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

bool is_hexadecimal(std::string_view text, size_t digits) {
  return text.size() == digits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::vector<std::string_view> split(std::string_view text, char at, size_t parts_max) {
  std::vector<std::string_view> parts;
  while (parts.size() + 1 < parts_max) {
    const size_t end = text.find(at);
    if (end == std::string_view::npos) break;
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  parts.push_back(text);
  return parts;
}

}  // namespace

std::string new_nonce() {
  unsigned char bytes[kNonceDigits / 2];
  // Without randomness two tokens of one second may be the same: the second is refused.
  if (RAND_bytes(bytes, sizeof bytes) != 1) std::fill(std::begin(bytes), std::end(bytes), 0);
  return base::hex(bytes, sizeof bytes);
}

std::string make_token(const Sts& sts, std::string_view audience,
                       const aws::Credentials& credentials, int64_t now_s,
                       const std::string& nonce) {
  const std::string host = sts.endpoint.substr(sts.endpoint.find("://") + 3);
  const std::string date = aws::amz_date(now_s);
  Values values;
  values[kAction] = "GetCallerIdentity";
  values[kVersionIs] = kVersion;
  values[kAlgorithmIs] = kAlgorithm;
  values[kCredential] =
      credentials.access_key_id + "/" + date.substr(0, 8) + "/" + sts.region + "/sts/aws4_request";
  values[kDate] = date;
  values[kExpires] = std::to_string(kLifeSeconds);
  values[kSecurityToken] = credentials.session_token;
  values[kHeaders] = kSignedHeaders;
  std::string query = query_of(values);
  query.resize(query.rfind("&X-Amz-Signature="));
  const aws::Headers headers = {{"host", host},
                                {std::string(kAudienceHeader), std::string(audience)},
                                {std::string(kNonceHeader), nonce}};
  values[kSignature] = aws::presign({.method = "GET",
                                     .path = "/",
                                     .query = query,
                                     .headers = headers,
                                     .body = {},
                                     .region = sts.region,
                                     .service = "sts",
                                     .unix_seconds = now_s},
                                    credentials);
  return std::string(kScheme) + base64url(sts.endpoint + "/?" + query_of(values)) + "." + nonce;
}

Result<Token> read_token(std::string_view authorization, const Sts& sts, int64_t now_s) {
  if (!authorization.starts_with(kScheme))
    return wrong("the header does not begin as a token does");
  authorization.remove_prefix(kScheme.size());
  if (authorization.size() > kUrlBytesMax / 3 * 4) return wrong("the token is too long");
  const size_t dot = authorization.rfind('.');
  if (dot == std::string_view::npos || !is_hexadecimal(authorization.substr(dot + 1), kNonceDigits))
    return wrong("there is no nonce behind it");
  const std::string nonce(authorization.substr(dot + 1));
  const auto url = from_base64url(authorization.substr(0, dot));
  if (!url) return url.error();
  const std::string begin = sts.endpoint + "/?";
  if (!url->starts_with(begin)) return wrong("the URL is not that of " + sts.endpoint);
  const auto values = values_in(std::string_view(*url).substr(begin.size()));
  if (!values) return values.error();
  if ((*values)[kAction] != "GetCallerIdentity") return wrong("Action is not GetCallerIdentity");
  if ((*values)[kVersionIs] != kVersion) return wrong("Version is not 2011-06-15");
  if ((*values)[kAlgorithmIs] != kAlgorithm)
    return wrong("X-Amz-Algorithm is not AWS4-HMAC-SHA256");
  if ((*values)[kHeaders] != kSignedHeaders)
    return wrong("X-Amz-SignedHeaders are not " + std::string(kSignedHeaders));
  if ((*values)[kSecurityToken].empty()) return wrong("X-Amz-Security-Token is empty");
  if (!is_hexadecimal((*values)[kSignature], 64)) return wrong("X-Amz-Signature is no signature");
  const auto signed_s = time_in((*values)[kDate]);
  if (!signed_s) return signed_s.error();
  const auto life = life_in((*values)[kExpires]);
  if (!life) return life.error();
  const auto scope = split((*values)[kCredential], '/', 2);
  const std::string wanted = (*values)[kDate].substr(0, 8) + "/" + sts.region + "/sts/aws4_request";
  if (scope.size() != 2 || scope[1] != wanted) return wrong("X-Amz-Credential is of another scope");
  if (!is_temporary_key(scope[0])) return wrong("the access key is not that of a role's session");
  if (*signed_s > now_s + kAheadSeconds) return wrong("the token is from the future");
  if (*signed_s + *life <= now_s) return wrong("the token has expired");
  return Token{query_of(*values), nonce, (*values)[kSignature], *signed_s, *signed_s + *life};
}

bool is_session_of(std::string_view session_arn, std::string_view role_arn) {
  // arn:PARTITION:sts::ACCOUNT:assumed-role/NAME/SESSION, arn:PARTITION:iam::ACCOUNT:role/PATH/NAME
  const auto session = split(session_arn, ':', 6);
  const auto role = split(role_arn, ':', 6);
  if (session.size() != 6 || role.size() != 6) return false;
  const auto names = split(session[5], '/', 3);
  if (session[0] != "arn" || session[2] != "sts" || names.size() != 3 || names[0] != "assumed-role")
    return false;
  if (role[0] != "arn" || role[2] != "iam" || !role[5].starts_with("role/")) return false;
  const std::string_view name = role[5].substr(role[5].rfind('/') + 1);
  return !name.empty() && names[1] == name && session[1] == role[1] && session[4].size() == 12 &&
         session[4] == role[4];
}

}  // namespace outrigger::identity
