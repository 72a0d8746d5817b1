#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.h"
#include "http/stream.h"
#include "http/trust.h"

namespace outrigger::http {
namespace {

std::string last_error(std::string_view otherwise) {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? std::string(otherwise) : reason;
}

// --- A BIO that sends without SIGPIPE ----------------------------------------------------------
// OpenSSL's own uses write(2): a peer that hangs up would end the program that has not ignored the
// signal.
int fd_of(BIO* bio) { return static_cast<int>(reinterpret_cast<intptr_t>(BIO_get_data(bio))); }

int bio_write(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t count =
      send(fd_of(bio), bytes, static_cast<size_t>(size), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(count);
}

int bio_read(BIO* bio, char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t count = recv(fd_of(bio), bytes, static_cast<size_t>(size), MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  return static_cast<int>(count);
}

long bio_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO* make_bio(int fd) {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  BIO* bio = BIO_new(method);
  if (bio != nullptr) {
    BIO_set_data(bio, reinterpret_cast<void*>(static_cast<intptr_t>(fd)));
    BIO_set_init(bio, 1);
  }
  return bio;
}

// --- The stream --------------------------------------------------------------------------------
struct SessionDeleter {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using Session = std::unique_ptr<SSL, SessionDeleter>;

class TlsStream final : public Stream {
 public:
  explicit TlsStream(Session ssl) : ssl_(std::move(ssl)) {}

  Io handshake() {
    ERR_clear_error();
    return outcome(SSL_connect(ssl_.get()));
  }
  Io read(char* bytes, size_t size, size_t& moved) override {
    ERR_clear_error();
    return outcome(SSL_read_ex(ssl_.get(), bytes, size, &moved));
  }
  Io write(std::string_view bytes, size_t& moved) override {
    ERR_clear_error();
    return outcome(SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &moved));
  }
  std::string why() const override { return why_; }
  bool trusted() const { return trusted_; }
  SSL* ssl() { return ssl_.get(); }

 private:
  Io outcome(int result) {
    if (result > 0) return Io::kDone;
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ: return Io::kWantRead;
      case SSL_ERROR_WANT_WRITE: return Io::kWantWrite;
      case SSL_ERROR_ZERO_RETURN: return Io::kEnd;
      default: break;
    }
    const long verdict = SSL_get_verify_result(ssl_.get());
    if (verdict != X509_V_OK) {
      trusted_ = false;
      why_ =
          std::string("its certificate is not trusted: ") + X509_verify_cert_error_string(verdict);
    } else {
      why_ = "TLS: " + last_error(errno != 0 ? base::error_text(errno) : "the connection was cut");
    }
    return Io::kBroken;
  }

  const Session ssl_;
  std::string why_;
  bool trusted_ = true;
};

bool is_literal(const std::string& host) {
  unsigned char bytes[16];
  return inet_pton(AF_INET, host.c_str(), bytes) == 1 ||
         inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

// Whom the certificate must be for. An address is verified as an address and not sent as a name
// (RFC 6066, 3).
bool expect_host(SSL* ssl, const std::string& host) {
  if (is_literal(host))
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set_tlsext_host_name(ssl, host.c_str()) == 1 && SSL_set1_host(ssl, host.c_str()) == 1;
}

// What is wrong with the peer's certificate where one alone will do; empty: it is that one.
std::string wrong_certificate(SSL* ssl, const std::string& wanted) {
  X509* const certificate = SSL_get1_peer_certificate(ssl);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (certificate != nullptr) X509_digest(certificate, EVP_sha256(), digest, &size);
  X509_free(certificate);
  std::string found;
  for (unsigned i = 0; i < size; ++i) {
    found += "0123456789abcdef"[digest[i] >> 4];
    found += "0123456789abcdef"[digest[i] & 15];
  }
  return found == wanted ? "" : "its certificate is another one: its SHA-256 is " + found;
}

}  // namespace

Result<std::unique_ptr<Stream>> tls_stream(int fd, const Url& url, const Trust& trust,
                                           const Deadline& deadline) {
  Session ssl(SSL_new(trust.context()));
  BIO* bio = make_bio(fd);
  if (!ssl || bio == nullptr || !expect_host(ssl.get(), url.host)) {
    BIO_free(bio);
    return failed("TLS cannot be set up: " + last_error("out of memory"));
  }
  SSL_set_bio(ssl.get(), bio, bio);
  constexpr unsigned char kProtocol[] = "\x08http/1.1";
  SSL_set_alpn_protos(ssl.get(), kProtocol, sizeof kProtocol - 1);
  auto stream = std::make_unique<TlsStream>(std::move(ssl));
  for (;;) {
    const Io outcome = stream->handshake();
    if (outcome == Io::kDone) {
      const std::string& wanted = trust.fingerprint();
      std::string wrong = wanted.empty() ? "" : wrong_certificate(stream->ssl(), wanted);
      if (!wrong.empty()) return Error{ErrorKind::kRefused, std::move(wrong), {}};
      return std::unique_ptr<Stream>(std::move(stream));
    }
    if (outcome == Io::kEnd || outcome == Io::kBroken) {
      const std::string why = stream->why();
      return Error{stream->trusted() ? ErrorKind::kFailed : ErrorKind::kRefused,
                   why.empty() ? "TLS: the connection was closed" : why,
                   {}};
    }
    if (!deadline.wait(fd, outcome == Io::kWantRead ? POLLIN : POLLOUT)) {
      return Error{ErrorKind::kTimeout, "the TLS handshake took too long", {}};
    }
  }
}

}  // namespace outrigger::http
