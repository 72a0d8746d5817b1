#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <fstream>

#include "http/client.h"
#include "script_server.h"

namespace outrigger::http {
namespace {

using namespace std::chrono_literals;

EVP_PKEY* new_key() { return EVP_EC_gen("P-256"); }

// A certificate for `subject`, signed by `issuer` (itself when null), valid from a day ago until
// `until` seconds from now.
X509* new_certificate(EVP_PKEY* key, const char* subject, X509* issuer, EVP_PKEY* issuer_key,
                      const char* names, long until) {
  X509* made = X509_new();
  X509_set_version(made, X509_VERSION_3);
  static long serial = 1;
  ASN1_INTEGER_set(X509_get_serialNumber(made), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(made), -86400);
  X509_gmtime_adj(X509_getm_notAfter(made), until);
  X509_set_pubkey(made, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(subject), -1, -1, 0);
  X509_set_issuer_name(
      made, issuer == nullptr ? X509_get_subject_name(made) : X509_get_subject_name(issuer));
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer == nullptr ? made : issuer, made, nullptr, nullptr, 0);
  const auto add = [&](int kind, const char* value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
    X509_add_ext(made, extension, -1);
    X509_EXTENSION_free(extension);
  };
  add(NID_basic_constraints, issuer == nullptr ? "critical,CA:TRUE" : "CA:FALSE");
  if (names != nullptr) add(NID_subject_alt_name, names);
  X509_sign(made, issuer_key == nullptr ? key : issuer_key, EVP_sha256());
  return made;
}

// A certificate authority of our own, in a file that SSL_CERT_FILE names.
class TlsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    authority_key_ = new_key();
    authority_ =
        new_certificate(authority_key_, "test authority", nullptr, nullptr, nullptr, 86400);
    const std::string path =
        testing::TempDir() + "/outrigger-tls-" + std::to_string(getpid()) + ".pem";
    FILE* file = fopen(path.c_str(), "w");
    PEM_write_X509(file, authority_);
    fclose(file);

    // Before there is a bundle: the failure is told, and not remembered.
    setenv("SSL_CERT_FILE", "/nonexistent/bundle.pem", 1);
    ScriptServer nobody([](int) {});
    Request request;
    request.url = "https://" + nobody.address();
    const auto response = fetch_url(request);
    ASSERT_FALSE(response);
    EXPECT_NE(response.error().message.find("SSL_CERT_FILE names /nonexistent/bundle.pem"),
              std::string::npos)
        << response.error().message;
    setenv("SSL_CERT_FILE", path.c_str(), 1);
  }

  struct Offer {
    const char* names = "IP:127.0.0.1";
    long until = 86400;
    int version_max = 0;
    bool trusted = true;
    bool says_goodbye = true;
    std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
  };
  // Serves one exchange over TLS and gives what the client made of it.
  static Result<Response> fetch_from(const Offer& offer, const std::string& host = "127.0.0.1") {
    SSL_CTX* context = SSL_CTX_new(TLS_server_method());
    EVP_PKEY* key = new_key();
    X509* certificate =
        new_certificate(key, "server", offer.trusted ? authority_ : nullptr,
                        offer.trusted ? authority_key_ : nullptr, offer.names, offer.until);
    SSL_CTX_use_certificate(context, certificate);
    SSL_CTX_use_PrivateKey(context, key);
    if (offer.version_max != 0) {
      SSL_CTX_set_security_level(context, 0);
      SSL_CTX_set_max_proto_version(context, offer.version_max);
    }
    server_name_.clear();
    Result<Response> response = failed("not asked");
    {
      ScriptServer server([&](int fd) {
        SSL* ssl = SSL_new(context);
        SSL_set_fd(ssl, fd);
        if (SSL_accept(ssl) == 1) {
          const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
          if (name != nullptr) server_name_ = name;
          char bytes[4096];
          if (SSL_read(ssl, bytes, sizeof bytes) > 0) {
            SSL_write(ssl, offer.answer.data(), static_cast<int>(offer.answer.size()));
          }
          if (offer.says_goodbye) SSL_shutdown(ssl);
        }
        ERR_clear_error();
        SSL_free(ssl);
      });
      Request request;
      request.url = "https://" + host + ":" + std::to_string(server.port()) + "/";
      request.timeout = 20s;
      response = fetch_url(request);
    }
    SSL_CTX_free(context);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return response;
  }
  static void expect_distrust(const Result<Response>& response, const char* why) {
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind, ErrorKind::kRefused);
    EXPECT_NE(response.error().message.find(why), std::string::npos) << response.error().message;
  }

  static inline EVP_PKEY* authority_key_ = nullptr;
  static inline X509* authority_ = nullptr;
  static inline std::string server_name_;
};

TEST_F(TlsTest, trusts_whom_the_bundle_vouches_for) {
  const auto response = fetch_from({});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "hi");
  EXPECT_EQ(server_name_, "") << "an address is no server name";
}

TEST_F(TlsTest, names_the_host_it_wants) {
  const auto response = fetch_from({.names = "DNS:localhost"}, "localhost");
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(server_name_, "localhost");
}

TEST_F(TlsTest, distrusts_a_stranger) {
  expect_distrust(fetch_from({.trusted = false}), "not trusted");
}

TEST_F(TlsTest, distrusts_a_certificate_for_another) {
  expect_distrust(fetch_from({.names = "DNS:example.org"}, "localhost"),
                  "not trusted: hostname mismatch");
  expect_distrust(fetch_from({.names = "IP:127.0.0.2"}), "not trusted: IP address mismatch");
  expect_distrust(fetch_from({.names = "DNS:127.0.0.1"}), "not trusted: IP address mismatch");
}

TEST_F(TlsTest, distrusts_what_has_expired) {
  expect_distrust(fetch_from({.until = -60}), "not trusted: certificate has expired");
}

TEST_F(TlsTest, speaks_no_tls_older_than_1_2) {
  EXPECT_FALSE(fetch_from({.version_max = TLS1_1_VERSION}));
  EXPECT_TRUE(fetch_from({.version_max = TLS1_2_VERSION}));
}

TEST_F(TlsTest, an_answer_without_length_needs_a_proper_end) {
  const std::string answer = "HTTP/1.1 200 OK\r\n\r\nhalf of it?";
  EXPECT_TRUE(fetch_from({.answer = answer}));
  const auto cut = fetch_from({.says_goodbye = false, .answer = answer});
  ASSERT_FALSE(cut) << "somebody on the way may have cut it";
  EXPECT_TRUE(fetch_from({.says_goodbye = false})) << "this one's length was told";
}

TEST_F(TlsTest, a_server_without_tls_is_an_error) {
  ScriptServer server([](int fd) {
    char bytes[4096];
    (void)!recv(fd, bytes, sizeof bytes, 0);
    ScriptServer::say(fd, "HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  Request request;
  request.url = "https://" + server.address();
  const auto response = fetch_url(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::kFailed);
}

TEST_F(TlsTest, a_handshake_has_a_deadline) {
  ScriptServer server([](int fd) {
    char bytes[4096];
    while (recv(fd, bytes, sizeof bytes, 0) > 0) {
    }
  });
  Request request;
  request.url = "https://" + server.address();
  request.timeout = 200ms;
  const auto response = fetch_url(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::kTimeout);
}

}  // namespace
}  // namespace outrigger::http
