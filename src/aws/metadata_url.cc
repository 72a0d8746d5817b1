#include "aws/metadata_url.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/fd.h"
#include "base/text.h"

namespace outrigger::aws {
namespace {

constexpr size_t kTokenBytesMax = 64u << 10;
// fd00:ec2::254 is the instance's metadata, fd00:ec2::23 the agent of EKS Pod Identity.
constexpr unsigned char kAwsPrefix[] = {0xfd, 0x00, 0x0e, 0xc2};

}  // namespace

bool is_near(std::string_view address) {
  const std::string text(address);
  in_addr v4;
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) {
    const uint32_t host = ntohl(v4.s_addr);
    return host >> 24 == 127 || host >> 16 == (169u << 8 | 254u);
  }
  in6_addr v6;
  if (inet_pton(AF_INET6, text.c_str(), &v6) != 1) return false;
  return IN6_IS_ADDR_LOOPBACK(&v6) || IN6_IS_ADDR_LINKLOCAL(&v6) ||
         memcmp(v6.s6_addr, kAwsPrefix, sizeof kAwsPrefix) == 0;
}

void keep_near(http::Request& request) {
  if (request.url.starts_with("https://")) return;
  request.allow = [](std::string_view address, int) { return is_near(address); };
}

Failure metadata_failure(std::string_view what, const http::Request& request, const Error& error) {
  Failure failure{FailureKind::kTransient, 0, {}, std::string(what) + ": " + error.message, false};
  if (error.kind == ErrorKind::kRefused && request.allow) {
    failure.kind = FailureKind::kUntrusted;
    failure.message = std::string(what) + ": " + request.url +
                      " will not do: credentials are fetched over plain http from loopback and "
                      "link-local addresses alone, from elsewhere over https";
  } else if (error.kind == ErrorKind::kRefused) {
    failure.kind = FailureKind::kUntrusted;
  } else if (error.kind == ErrorKind::kBadInput) {
    failure.kind = FailureKind::kRejected;
  }
  return failure;
}

Outcome<std::string> read_token(std::string_view what, const std::string& path) {
  const auto fail = [&](std::string_view why) {
    return Failure{FailureKind::kNoCredentials,
                   0,
                   {},
                   std::string(what) + " names " + path + ", which " + std::string(why),
                   false};
  };
  const base::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file) return fail("cannot be read: " + std::string(base::error_text(errno)));
  std::string text(kTokenBytesMax, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t count = read(file.get(), text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail("cannot be read: " + std::string(base::error_text(errno)));
    if (count == 0) break;
    size += static_cast<size_t>(count);
  }
  if (size == text.size()) return fail("is too long for a token");
  text.resize(size);
  text.resize(text.find_last_not_of(" \t\r\n") + 1);
  if (text.empty()) return fail("is empty");
  if (text.find_first_of("\r\n") != std::string::npos) return fail("holds more than one line");
  return text;
}

}  // namespace outrigger::aws
