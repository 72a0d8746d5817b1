#include "identity.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <time.h>

#include <algorithm>
#include <cstdlib>

#include "http/message.h"

namespace outrigger::emulator {
namespace {

// A signature is good for five minutes either way (AWS: "Elements of an AWS API request signature").
constexpr int64_t kSkewMaxS = 300;
// A presigned call's, from its date on.
constexpr int64_t kPresignedMaxS = 900;

std::string hex(const unsigned char* bytes, size_t size) {
  std::string text;
  for (size_t i = 0; i < size; ++i) {
    text += "0123456789abcdef"[bytes[i] >> 4];
    text += "0123456789abcdef"[bytes[i] & 15];
  }
  return text;
}

std::string sha256_hex(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr);
  return hex(digest, size);
}

std::string hmac(std::string_view key, std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size);
  return std::string(reinterpret_cast<char*>(digest), size);
}

std::string encoded(std::string_view text, bool keep_slash) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (isalnum(byte) || c == '-' || c == '_' || c == '.' || c == '~' || (c == '/' && keep_slash)) {
      out += c;
    } else {
      out += '%';
      out += "0123456789ABCDEF"[byte >> 4];
      out += "0123456789ABCDEF"[byte & 15];
    }
  }
  return out;
}

std::string trimmed(std::string_view value) {
  std::string out;
  for (const char c : value) {
    const bool blank = c == ' ' || c == '\t';
    if (blank && (out.empty() || out.back() == ' ')) continue;
    out += blank ? ' ' : c;
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  for (;;) {
    const size_t end = text.find(at);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// "Credential=…, SignedHeaders=…, Signature=…"
std::string_view part_of(std::string_view header, std::string_view name) {
  const size_t at = header.find(std::string(name) + "=");
  if (at == std::string_view::npos) return {};
  const std::string_view rest = header.substr(at + name.size() + 1);
  return rest.substr(0, rest.find_first_of(", "));
}

std::optional<int64_t> parse_time(std::string_view text) {
  tm parts{};
  const std::string copy(text);
  const char* const end = strptime(copy.c_str(), "%Y%m%dT%H%M%SZ", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return timegm(&parts);
}

std::string canonical_query(const http::ServerRequest& request) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [name, value] : request.query)
    if (name != "X-Amz-Signature") pairs.emplace_back(encoded(name, false), encoded(value, false));
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const auto& [name, value] : pairs) out += (out.empty() ? "" : "&") + name + "=" + value;
  return out;
}

}  // namespace

// What a request says of its signature, in whichever of the two places.
struct Identity::Shown {
  bool is_presigned = false;
  bool is_there = false;
  bool is_right_algorithm = false;
  std::vector<std::string> scope;
  std::string signed_list, signature, date, token;
};

Identity::Shown Identity::shown_in(const Call& call) {
  const http::ServerRequest& request = *call.http;
  const std::string_view authorization = request.header("authorization");
  const auto query = [&](std::string_view name) {
    return std::string(request.parameter(name).value_or(""));
  };
  Shown shown;
  shown.is_presigned = authorization.empty() && request.parameter("X-Amz-Signature").has_value();
  shown.is_there = shown.is_presigned || !authorization.empty();
  if (shown.is_presigned) {
    shown.is_right_algorithm = query("X-Amz-Algorithm") == "AWS4-HMAC-SHA256";
    shown.scope = split(query("X-Amz-Credential"), '/');
    shown.signed_list = query("X-Amz-SignedHeaders");
    shown.signature = query("X-Amz-Signature");
    shown.date = query("X-Amz-Date");
    shown.token = query("X-Amz-Security-Token");
  } else {
    shown.is_right_algorithm = authorization.starts_with("AWS4-HMAC-SHA256 ");
    shown.scope = split(part_of(authorization, "Credential"), '/');
    shown.signed_list = part_of(authorization, "SignedHeaders");
    shown.signature = part_of(authorization, "Signature");
    shown.date = request.header("x-amz-date");
    shown.token = request.header("x-amz-security-token");
  }
  return shown;
}

std::string Identity::caller(const Call& call) const {
  const Shown shown = shown_in(call);
  const std::string account = account_.text({"instance", "account"});
  const std::lock_guard lock(mutex_);
  const auto found = keys_.find(shown.scope.front());
  if (found == keys_.end() || found->second.role.empty())
    return "arn:aws:iam::" + account + ":user/emulator";
  return "arn:aws:sts::" + account + ":assumed-role/" + found->second.role + "/session";
}

Identity::Identity(Account& account, Clock& clock, Violations& violations)
    : account_(account), clock_(clock), violations_(violations) {
  keys_[kAccessKey] = {kAccessKey, kSecretKey, {}, 0, {}};
}

Keys Identity::issue() {
  Keys keys;
  keys.id = "ASIA" + random_hex(16);
  std::transform(keys.id.begin(), keys.id.end(), keys.id.begin(), ::toupper);
  keys.secret = random_hex(40);
  keys.token = "token/" + random_hex(96) + "==";
  keys.expires_s = clock_.now_s() + account_.number({"credentials_lifetime_s"}, 21600);
  keys.role = account_.text({"instance", "role"});
  const std::lock_guard lock(mutex_);
  keys_[keys.id] = keys;
  ++issued_;
  return keys;
}

void Identity::expire_all() {
  const std::lock_guard lock(mutex_);
  for (auto& [id, keys] : keys_) {
    if (!keys.token.empty()) keys.expires_s = 1;
  }
}

json::array Identity::secrets() const {
  const std::lock_guard lock(mutex_);
  json::array list;
  for (const auto& [id, keys] : keys_) {
    if (keys.token.empty()) continue;
    for (const std::string& each : {keys.id, keys.secret, keys.token}) list.emplace_back(each);
  }
  return list;
}

uint64_t Identity::issued() const {
  const std::lock_guard lock(mutex_);
  return issued_;
}

std::optional<Answer> Identity::bad(const Call& call, std::string_view code, std::string detail,
                                    bool is_violation) {
  if (is_violation)
    violations_.note("signature", call.service + " " + call.operation + ": " + detail);
  const int status = call.protocol == Protocol::kJson ? 400 : 403;
  return refuse(call, code, detail, status);
}

std::optional<Answer> Identity::verify(const Call& call) {
  const bool is_json = call.protocol == Protocol::kJson;
  const std::string_view mismatch = is_json ? "InvalidSignatureException" : "SignatureDoesNotMatch";
  const http::ServerRequest& request = *call.http;
  const Shown shown = shown_in(call);
  if (!shown.is_there)
    return bad(call, is_json ? "MissingAuthenticationTokenException" : "MissingAuthenticationToken",
               "Missing Authentication Token");
  const auto& [is_presigned, is_there, is_right_algorithm, scope, signed_list, signature, date,
               token] = shown;
  const auto when = parse_time(date);
  if (!is_right_algorithm || scope.size() != 5 || !when || signature.size() != 64 ||
      signed_list.empty()) {
    return bad(call, is_json ? "IncompleteSignatureException" : "IncompleteSignature",
               "Authorization header or x-amz-date is malformed");
  }
  if (scope[1] != date.substr(0, 8) || scope[4] != "aws4_request")
    return bad(call, mismatch, "Credential should be scoped to the date of x-amz-date");
  if (scope[3] != call.service)
    return bad(call, mismatch,
               "Credential should be scoped to correct service: '" + call.service + "', not '" +
                   scope[3] + "'");
  const std::string region = account_.text({"instance", "region"});
  if (scope[2] != region)
    return bad(
        call, mismatch,
        "Credential should be scoped to a valid region: '" + region + "', not '" + scope[2] + "'");

  Keys keys;
  {
    const std::lock_guard lock(mutex_);
    const auto found = keys_.find(scope[0]);
    if (found != keys_.end()) keys = found->second;
  }
  if (keys.id.empty())
    return bad(call, is_json ? "UnrecognizedClientException" : "InvalidClientTokenId",
               "The security token included in the request is invalid.");
  if (token != keys.token)
    return bad(call, is_json ? "UnrecognizedClientException" : "InvalidClientTokenId",
               "The security token included in the request is invalid: not that of these keys.");

  const std::vector<std::string> names = split(signed_list, ';');
  if (!std::is_sorted(names.begin(), names.end()))
    return bad(call, mismatch, "SignedHeaders is not sorted");
  const auto is_signed = [&](std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  // Host and all x-amz-* that are sent have to be signed.
  if (!is_signed("host")) return bad(call, mismatch, "host is not signed");
  for (const auto& [name, value] : request.headers) {
    std::string lower(name);
    std::transform(lower.begin(), lower.end(), lower.begin(), ::tolower);
    if (lower.starts_with("x-amz-") && !is_signed(lower))
      return bad(call, mismatch,
                 "There were headers present in the request which were not signed: " + lower);
  }
  std::string headers;
  for (const std::string& name : names)
    headers += name + ":" + trimmed(request.header(name)) + "\n";
  const std::string payload = sha256_hex(call.body);
  const std::string_view stated = request.header("x-amz-content-sha256");
  if (!stated.empty() && stated != payload)
    return bad(call, mismatch, "x-amz-content-sha256 is not that of the body");
  const bool is_s3 = call.protocol == Protocol::kRest;
  if (is_s3 && stated.empty())
    return bad(call, "MissingSecurityHeader", "x-amz-content-sha256 is missing");
  const std::string method(call.method);
  // Every service but S3 encodes the path twice.
  const std::string once = encoded(request.path, true);
  const std::string path = is_s3 ? once : encoded(once, true);
  const std::string canonical = method + "\n" + path + "\n" + canonical_query(request) + "\n" +
                                headers + "\n" + std::string(signed_list) + "\n" + payload;
  const std::string scope_text = scope[1] + "/" + scope[2] + "/" + scope[3] + "/aws4_request";
  const std::string to_sign =
      "AWS4-HMAC-SHA256\n" + std::string(date) + "\n" + scope_text + "\n" + sha256_hex(canonical);
  std::string key = hmac("AWS4" + keys.secret, scope[1]);
  for (size_t i = 2; i < 5; ++i) key = hmac(key, scope[i]);
  const std::string raw = hmac(key, to_sign);
  const std::string wanted = hex(reinterpret_cast<const unsigned char*>(raw.data()), raw.size());
  if (CRYPTO_memcmp(wanted.data(), signature.data(), wanted.size()) != 0)
    return bad(call, mismatch,
               "The request signature we calculated does not match the signature you provided.");

  // Neither of these is the client's fault.
  const int64_t now = clock_.now_s();
  if (is_presigned ? *when > now + kSkewMaxS || *when + kPresignedMaxS < now
                   : std::llabs(*when - now) > kSkewMaxS) {
    const std::string_view code = is_json ? "InvalidSignatureException"
                                  : call.protocol == Protocol::kEc2Query ? "RequestExpired"
                                                                         : "SignatureDoesNotMatch";
    return bad(call, code,
               std::string(*when < now ? "Signature expired: " : "Signature not yet current: ") +
                   std::string(date) + " is off from " + utc_text(now) + " by more than 5 min.",
               false);
  }
  if (keys.expires_s != 0 && keys.expires_s <= now)
    return bad(call, is_json ? "ExpiredTokenException" : "ExpiredToken",
               "The security token included in the request is expired", false);
  return std::nullopt;
}

}  // namespace outrigger::emulator
