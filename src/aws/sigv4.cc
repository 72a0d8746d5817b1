#include "aws/sigv4.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>

#include "base/hex.h"
#include "http/url.h"

namespace outrigger::aws {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

std::string hmac(std::string_view key, std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size);
  return std::string(reinterpret_cast<char*>(digest), size);
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

void append_encoded(std::string_view text, std::string_view also_kept, std::string& out) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  for (const char c : text) {
    if (is_unreserved(c) || also_kept.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
}

// Empty segments and "." go, ".." takes its neighbour along (RFC 3986, 5.2.4); a slash at the end
// stays.
std::string resolve_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  std::string_view last;
  for (std::string_view rest = path; !rest.empty();) {
    const size_t slash = std::min(rest.find('/'), rest.size());
    last = rest.substr(0, slash);
    if (last == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (!last.empty() && last != ".") {
      kept.push_back(last);
    }
    rest.remove_prefix(std::min(slash + 1, rest.size()));
  }
  std::string resolved = "/";
  for (const std::string_view segment : kept) resolved.append(segment).append("/");
  const bool ends_with_slash = path.ends_with('/') || last == "." || last == "..";
  if (!kept.empty() && !ends_with_slash) resolved.pop_back();
  return resolved;
}

std::string canonical_path(const ToSign& request) {
  std::string encoded;
  if (request.path_rule == ToSign::Path::kAsItIs) {
    append_encoded(request.path.empty() ? "/" : request.path, "/%", encoded);
  } else {
    append_encoded(resolve_dots(request.path), "/", encoded);
  }
  return encoded;
}

std::string encoded_once(std::string_view text) {
  std::string decoded;
  // What is no escape is a percent sign that nobody encoded.
  if (!http::percent_decode(text, http::Plus::kLiteral, decoded)) decoded = text;
  return percent_encode(decoded);
}

std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parts;
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view part = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (part.empty()) continue;
    const size_t equal = std::min(part.find('='), part.size());
    parts.emplace_back(encoded_once(part.substr(0, equal)),
                       encoded_once(part.substr(std::min(equal + 1, part.size()))));
  }
  std::sort(parts.begin(), parts.end());
  std::string canonical;
  for (const auto& [name, value] : parts) {
    if (!canonical.empty()) canonical += '&';
    canonical.append(name).append("=").append(value);
  }
  return canonical;
}

// Without spaces at the ends, and one where there are several.
std::string trimmed(std::string_view value) {
  std::string kept;
  for (const char c : value) {
    const bool space = c == ' ' || c == '\t';
    if (!space) {
      kept += c;
    } else if (!kept.empty() && kept.back() != ' ') {
      kept += ' ';
    }
  }
  if (!kept.empty() && kept.back() == ' ') kept.pop_back();
  return kept;
}

// By name; several of one name are one, in their order.
Headers canonical_headers(const Headers& headers) {
  Headers canonical;
  for (const auto& [name, value] : headers) {
    std::string lower(name);
    for (char& c : lower) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    canonical.emplace_back(std::move(lower), trimmed(value));
  }
  std::stable_sort(canonical.begin(), canonical.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  Headers joined;
  for (auto& header : canonical) {
    if (!joined.empty() && joined.back().first == header.first) {
      joined.back().second.append(",").append(header.second);
    } else {
      joined.push_back(std::move(header));
    }
  }
  return joined;
}

std::string names_of(const Headers& headers) {
  std::string names;
  for (const auto& [name, value] : headers) {
    if (!names.empty()) names += ';';
    names += name;
  }
  return names;
}

std::string scope_of(const ToSign& request) {
  std::string scope = amz_date(request.unix_seconds).substr(0, 8);
  scope.append("/").append(request.region).append("/").append(request.service);
  return scope.append("/aws4_request");
}

std::string signature_of(const ToSign& request, std::string_view canonical,
                         const Credentials& credentials) {
  std::string key = "AWS4" + credentials.secret_access_key;
  const std::string date = amz_date(request.unix_seconds).substr(0, 8);
  for (const std::string_view part : {std::string_view(date), request.region, request.service,
                                      std::string_view("aws4_request")}) {
    key = hmac(key, part);
  }
  const std::string signature = hmac(key, string_to_sign(request, canonical));
  return base::hex(signature.data(), signature.size());
}

}  // namespace

std::string percent_encode(std::string_view text) {
  std::string encoded;
  append_encoded(text, "", encoded);
  return encoded;
}

std::string sha256_hex(std::string_view bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  return base::hex(digest, sizeof digest);
}

std::string amz_date(int64_t unix_seconds) {
  const time_t seconds = unix_seconds;
  tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  const size_t size = strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc);
  return std::string(text, size);
}

std::string canonical_request(const ToSign& request, const Headers& headers,
                              std::string_view body_digest) {
  const Headers sorted = canonical_headers(headers);
  std::string text(request.method);
  text.append("\n").append(canonical_path(request));
  text.append("\n").append(canonical_query(request.query)).append("\n");
  for (const auto& [name, value] : sorted) text.append(name).append(":").append(value).append("\n");
  return text.append("\n").append(names_of(sorted)).append("\n").append(body_digest);
}

std::string string_to_sign(const ToSign& request, std::string_view canonical) {
  std::string text(kAlgorithm);
  text.append("\n").append(amz_date(request.unix_seconds));
  text.append("\n").append(scope_of(request));
  return text.append("\n").append(sha256_hex(canonical));
}

Headers sign(const ToSign& request, const Credentials& credentials) {
  Headers added = {{"X-Amz-Date", amz_date(request.unix_seconds)}};
  if (!credentials.session_token.empty())
    added.emplace_back("X-Amz-Security-Token", credentials.session_token);
  Headers all = request.headers;
  all.insert(all.end(), added.begin(), added.end());

  const std::string canonical = canonical_request(request, all, sha256_hex(request.body));
  std::string authorization(kAlgorithm);
  authorization.append(" Credential=").append(credentials.access_key_id);
  authorization.append("/").append(scope_of(request));
  authorization.append(", SignedHeaders=").append(names_of(canonical_headers(all)));
  authorization.append(", Signature=").append(signature_of(request, canonical, credentials));
  added.emplace_back("Authorization", std::move(authorization));
  return added;
}

std::string presign(const ToSign& request, const Credentials& credentials) {
  return signature_of(
      request, canonical_request(request, request.headers, sha256_hex(request.body)), credentials);
}

}  // namespace outrigger::aws
