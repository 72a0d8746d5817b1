#include "http/server_tls.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "http/client.h"
#include "http/trust.h"

namespace outrigger::http {
namespace {

// Made for these tests, and good for nothing else.
class ServerTlsTest : public testing::Test {
 protected:
  ServerTlsTest() {
    ServerOptions options;
    options.listen = {"127.0.0.1:0"};
    options.tls = tls_;
    options.limits.keep_alive = std::chrono::milliseconds(2'000);
    options.handler = [this](const ServerRequest& request) {
      last_was_tls_ = request.peer->tls;
      last_was_loopback_ = request.peer->loopback;
      ServerResponse response;
      response.body =
          request.path == "/large" ? std::string(3u << 20, 'x') : std::string(request.body) + "hi";
      return response;
    };
    auto server = Server::start(std::move(options));
    EXPECT_TRUE(server);
    server_ = std::move(*server);
  }
  std::string address() const { return server_->listeners().front().address; }
  Request request(std::string_view path = "/") const {
    Request request;
    request.url = "https://" + address() + std::string(path);
    request.response_bytes_max = 8u << 20;
    return request;
  }
  Result<Response> fetch(const Request& request) const {
    const auto trust = Trust::of_fingerprint(tls_->fingerprint());
    return fetch_trusting(request, **trust);
  }
  int connected() const {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port =
        htons(static_cast<uint16_t>(std::stoi(address().substr(address().find(':') + 1))));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    return fd;
  }

  std::shared_ptr<ServerTls> tls_ = std::make_shared<ServerTls>();
  std::atomic<bool> last_was_tls_{false};
  std::atomic<bool> last_was_loopback_{false};
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTlsTest, serves_tls_and_plaintext_on_one_port) {
  ASSERT_TRUE(tls_->use_self_signed({"a-host", "not a name, DNS:evil"}));
  EXPECT_EQ(tls_->fingerprint().size(), 32u * 3 - 1);
  const auto secret = fetch(request());
  ASSERT_TRUE(secret) << secret.error().message;
  EXPECT_EQ(secret->body, "hi");
  EXPECT_TRUE(last_was_tls_);
  EXPECT_TRUE(last_was_loopback_);
  Request plain;
  plain.url = "http://" + address() + "/";
  const auto open = fetch_url(plain);
  ASSERT_TRUE(open) << open.error().message;
  EXPECT_EQ(open->body, "hi");
  EXPECT_FALSE(last_was_tls_);
}

TEST_F(ServerTlsTest, carries_what_is_large_both_ways) {
  ASSERT_TRUE(tls_->use_self_signed({}));
  const auto large = fetch(request("/large"));
  ASSERT_TRUE(large) << large.error().message;
  EXPECT_EQ(large->body.size(), 3u << 20);
  Request put = request();
  put.method = "PUT";
  put.body = std::string(60'000, 'y');
  const auto sent = fetch(put);
  ASSERT_TRUE(sent) << sent.error().message;
  EXPECT_EQ(sent->body, put.body + "hi");
}

TEST_F(ServerTlsTest, is_believed_by_its_fingerprint_alone) {
  ASSERT_TRUE(tls_->use_self_signed({}));
  const auto unknown = fetch_url(request());
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::kRefused) << unknown.error().message;
  ServerTls other;
  ASSERT_TRUE(other.use_self_signed({}));
  const auto trust = Trust::of_fingerprint(other.fingerprint());
  const auto wrong = fetch_trusting(request(), **trust);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind, ErrorKind::kRefused);
  EXPECT_NE(wrong.error().message.find("its certificate is another one"), std::string::npos)
      << wrong.error().message;
  EXPECT_FALSE(Trust::of_fingerprint("AB:CD"));
}

TEST_F(ServerTlsTest, without_a_certificate_closes_who_begins_with_tls) {
  EXPECT_EQ(tls_->fingerprint(), "");
  const auto trust = Trust::of_fingerprint(std::string(64, 'a'));
  EXPECT_FALSE(fetch_trusting(request(), **trust));
  Request plain;
  plain.url = "http://" + address() + "/";
  EXPECT_TRUE(fetch_url(plain));
}

// "-----BEGIN CERTIFICATE…" and the key behind it, as a secret holds them.
std::string new_pem(EVP_PKEY* key, EVP_PKEY* key_behind) {
  X509* const made = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
  X509_gmtime_adj(X509_getm_notBefore(made), -60);
  X509_gmtime_adj(X509_getm_notAfter(made), 3600);
  X509_set_pubkey(made, key);
  X509_sign(made, key, EVP_sha256());
  BIO* const bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, made);
  PEM_write_bio_PrivateKey(bio, key_behind, nullptr, nullptr, 0, nullptr, nullptr);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  std::string pem(bytes, static_cast<size_t>(size));
  BIO_free(bio);
  X509_free(made);
  return pem;
}

TEST_F(ServerTlsTest, takes_a_certificate_and_its_key_out_of_a_pem) {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  EVP_PKEY* const other = EVP_EC_gen("P-256");
  const std::string pem = new_pem(key, key);
  const auto used = tls_->use_pem(pem);
  ASSERT_TRUE(used) << used.error().message;
  const auto answer = fetch(request());
  EXPECT_TRUE(answer) << answer.error().message;
  const auto mixed = tls_->use_pem(new_pem(key, other));
  ASSERT_FALSE(mixed);
  EXPECT_NE(mixed.error().message.find("its private key is not that of"), std::string::npos)
      << mixed.error().message;
  const auto alone = tls_->use_pem(pem.substr(0, pem.find("-----BEGIN PRIVATE")));
  ASSERT_FALSE(alone);
  EXPECT_NE(alone.error().message.find("it holds no private key"), std::string::npos);
  EXPECT_TRUE(fetch(request())) << "the one before stays in use";
  EVP_PKEY_free(key);
  EVP_PKEY_free(other);
}

TEST_F(ServerTlsTest, says_what_is_wrong_with_a_pem) {
  EXPECT_NE(tls_->use_pem("hello").error().message.find("it begins with no certificate"),
            std::string::npos);
  EXPECT_EQ(tls_->fingerprint(), "");
}

// Whoever holds connections open without a word keeps nobody else out, and all of it ends with the
// server.
TEST_F(ServerTlsTest, is_not_taken_by_one_address_nor_held_at_the_end) {
  ASSERT_TRUE(tls_->use_self_signed({}));
  std::vector<int> held;
  for (size_t i = 0; i < 2 * ServerTls::kRelaysEachMax; ++i) {
    held.push_back(connected());
    const unsigned char begin[] = {0x16, 3, 1};
    EXPECT_EQ(send(held.back(), begin, sizeof begin, MSG_NOSIGNAL), 3);
  }
  size_t closed = 0;
  for (const int fd : held) {
    // Those that were too many are closed at once, the others when their handshake took too long.
    char byte;
    if (recv(fd, &byte, 1, 0) <= 0) ++closed;
    close(fd);
  }
  EXPECT_EQ(closed, held.size());
  const auto again = fetch(request());
  EXPECT_TRUE(again) << again.error().message;
  server_.reset();
}

}  // namespace
}  // namespace outrigger::http
