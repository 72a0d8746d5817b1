#include "http/server_tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <iterator>
#include <memory>
#include <utility>

#include "http/deadline.h"

namespace outrigger::http {
namespace {

constexpr long kDay = 86'400;
constexpr long kYears10 = 3'650 * kDay;
constexpr std::chrono::milliseconds kGoodbye{2'000};
constexpr unsigned char kHandshakeRecord = 0x16;  // RFC 8446, 5.1

template <auto kFree>
struct Free {
  void operator()(auto* one) const { kFree(one); }
};
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Session = std::unique_ptr<SSL, Free<SSL_free>>;

Error tls_failed(std::string_view what) {
  const unsigned long code = ERR_peek_last_error();
  const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return failed(std::string(what) + (reason == nullptr ? "" : std::string(": ") + reason));
}

bool add_extension(X509* certificate, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
  const bool added = extension != nullptr && X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

// What a name server, or this machine, can have named something. Anything else could end the list.
bool is_name(std::string_view name) {
  return !name.empty() && name.size() < 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
  });
}

Certificate certificate_for(EVP_PKEY* key, const std::vector<std::string>& names) {
  Certificate made(X509_new());
  unsigned char serial[8];
  if (!made || RAND_bytes(serial, sizeof serial) != 1) return nullptr;
  serial[0] &= 0x7f;
  ASN1_INTEGER* const number = X509_get_serialNumber(made.get());
  uint64_t value = 0;
  for (const unsigned char byte : serial) value = value << 8 | byte;
  std::string list = "DNS:localhost,IP:127.0.0.1";
  for (const std::string& name : names)
    if (is_name(name)) list += ",DNS:" + name;
  X509_NAME* const subject = X509_get_subject_name(made.get());
  const bool done = X509_set_version(made.get(), X509_VERSION_3) == 1 &&
                    ASN1_INTEGER_set_uint64(number, value) == 1 &&
                    X509_gmtime_adj(X509_getm_notBefore(made.get()), -kDay) != nullptr &&
                    X509_gmtime_adj(X509_getm_notAfter(made.get()), kYears10) != nullptr &&
                    X509_set_pubkey(made.get(), key) == 1 &&
                    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                               reinterpret_cast<const unsigned char*>("outrigger"),
                                               -1, -1, 0) == 1 &&
                    X509_set_issuer_name(made.get(), subject) == 1 &&
                    add_extension(made.get(), NID_basic_constraints, "critical,CA:FALSE") &&
                    add_extension(made.get(), NID_subject_alt_name, list.c_str()) &&
                    X509_sign(made.get(), key, EVP_sha256()) > 0;
  return done ? std::move(made) : nullptr;
}

std::string fingerprint_of(const X509* certificate) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest, &size) != 1) return {};
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    if (i > 0) text += ':';
    text += "0123456789ABCDEF"[digest[i] >> 4];
    text += "0123456789ABCDEF"[digest[i] & 15];
  }
  return text;
}

// One direction's bytes on the way.
struct Half {
  char bytes[16 << 10];
  size_t begin = 0;
  size_t end = 0;
  bool ended = false;  // no more will come
  bool empty() const { return begin == end; }
  void hold(size_t count) {
    begin = 0;
    end = count;
  }
};

enum class Moved { kSome, kNothing, kBroken };

// Between a client under TLS and the plain end, until both have said all, or one is gone.
class Relay {
 public:
  Relay(Session ssl, base::Fd client, base::Fd plain, const Cancel& ending)
      : ssl_(std::move(ssl)),
        client_(std::move(client)),
        plain_(std::move(plain)),
        ending_(ending) {}

  void run() {
    if (!handshake()) return;
    while (!(up_.ended && down_.ended)) {
      client_events_ = plain_events_ = 0;
      const Moved up = move_up();
      const Moved down = up == Moved::kBroken ? up : move_down();
      if (down == Moved::kBroken) return;
      if (up == Moved::kNothing && down == Moved::kNothing && !wait()) return;
    }
  }

 private:
  bool handshake() {
    const Deadline deadline(ServerTls::kHandshake, &ending_);
    for (;;) {
      ERR_clear_error();
      const int result = SSL_accept(ssl_.get());
      if (result == 1) return true;
      const int error = SSL_get_error(ssl_.get(), result);
      if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return false;
      if (!deadline.wait(client_.get(), error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT))
        return false;
    }
  }

  // What TLS waits for at the client's socket; false when it waits for nothing more.
  bool wants(int result) {
    const int error = SSL_get_error(ssl_.get(), result);
    if (error == SSL_ERROR_WANT_READ) client_events_ |= POLLIN;
    else if (error == SSL_ERROR_WANT_WRITE) client_events_ |= POLLOUT;
    else return false;
    return true;
  }

  Moved move_up() {
    Moved moved = Moved::kNothing;
    if (!up_.ended && up_.empty()) {
      ERR_clear_error();
      size_t count = 0;
      const int result = SSL_read_ex(ssl_.get(), up_.bytes, sizeof up_.bytes, &count);
      if (result == 1) {
        up_.hold(count);
        moved = Moved::kSome;
      } else if (!wants(result)) {
        // A client that leaves without a goodbye is gone all the same.
        up_.ended = true;
        shutdown(plain_.get(), SHUT_WR);
        return Moved::kSome;
      }
    }
    if (up_.empty()) return moved;
    const ssize_t sent =
        send(plain_.get(), up_.bytes + up_.begin, up_.end - up_.begin, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      up_.begin += static_cast<size_t>(sent);
      return Moved::kSome;
    }
    if (errno != EAGAIN && errno != EINTR) return Moved::kBroken;
    plain_events_ |= POLLOUT;
    return moved;
  }

  Moved move_down() {
    Moved moved = Moved::kNothing;
    if (!down_.ended && down_.empty()) {
      const ssize_t count = recv(plain_.get(), down_.bytes, sizeof down_.bytes, MSG_DONTWAIT);
      if (count > 0) {
        down_.hold(static_cast<size_t>(count));
        moved = Moved::kSome;
      } else if (count == 0) {
        down_.ended = true;
        until_ = Deadline::Clock::now() + kGoodbye;
        ERR_clear_error();
        SSL_shutdown(ssl_.get());
        shutdown(client_.get(), SHUT_WR);
        return Moved::kSome;
      } else if (errno == EAGAIN || errno == EINTR) {
        plain_events_ |= POLLIN;
      } else {
        return Moved::kBroken;
      }
    }
    if (down_.empty()) return moved;
    ERR_clear_error();
    size_t written = 0;
    const int result =
        SSL_write_ex(ssl_.get(), down_.bytes + down_.begin, down_.end - down_.begin, &written);
    if (result == 1) {
      down_.begin += written;
      return Moved::kSome;
    }
    return wants(result) ? moved : Moved::kBroken;
  }

  // False: it ends.
  bool wait() {
    // A descriptor that nothing is expected of would wake with its hang-up again and again.
    pollfd looked[] = {{client_events_ == 0 ? -1 : client_.get(), client_events_, 0},
                       {plain_events_ == 0 ? -1 : plain_.get(), plain_events_, 0},
                       {ending_.fd(), POLLIN, 0}};
    int patience = -1;
    if (down_.ended) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(until_ - Deadline::Clock::now());
      if (left.count() <= 0) return false;
      patience = static_cast<int>(left.count()) + 1;
    }
    const int count = poll(looked, std::size(looked), patience);
    return (count > 0 || (count < 0 && errno == EINTR)) && !ending_.fired();
  }

  const Session ssl_;
  const base::Fd client_;
  const base::Fd plain_;
  const Cancel& ending_;
  Half up_;
  Half down_;
  short client_events_ = 0;
  short plain_events_ = 0;
  Deadline::Clock::time_point until_{};
};

// Without its port.
std::string address_of(const Peer& peer) { return peer.address.substr(0, peer.address.rfind(':')); }

}  // namespace

struct ServerTls::Context {
  ~Context() { SSL_CTX_free(ssl); }
  SSL_CTX* ssl = nullptr;
  std::string fingerprint;
};

ServerTls::ServerTls() : threads_(kRelaysMax) {}
ServerTls::~ServerTls() { ending_.fire(); }

Result<void> ServerTls::use(std::shared_ptr<Context> context) {
  const std::lock_guard lock(mutex_);
  context_ = std::move(context);
  return {};
}

namespace {

// No openssl.cnf and no clean-up at exit, as for the client (trust.cc). No tickets and no sessions:
// nothing outlives a connection.
SSL_CTX* new_context() {
  OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, nullptr);
  SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
  if (context == nullptr) return nullptr;
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context,
                      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  return context;
}

}  // namespace

Result<void> ServerTls::use_self_signed(const std::vector<std::string>& names) {
  auto context = std::make_shared<Context>();
  context->ssl = new_context();
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate = key ? certificate_for(key.get(), names) : nullptr;
  if (context->ssl == nullptr || !certificate ||
      SSL_CTX_use_certificate(context->ssl, certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context->ssl, key.get()) != 1)
    return tls_failed("no certificate could be made");
  context->fingerprint = fingerprint_of(certificate.get());
  return use(std::move(context));
}

Result<void> ServerTls::use_pem(std::string_view pem) {
  auto context = std::make_shared<Context>();
  context->ssl = new_context();
  if (context->ssl == nullptr) return tls_failed("TLS cannot be set up");
  const auto reader = [&] {
    return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  };
  // Nobody is there to be asked for a password.
  const auto no_password = [](char*, int, int, void*) { return -1; };
  Bio bio = reader();
  const Certificate first(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!first || SSL_CTX_use_certificate(context->ssl, first.get()) != 1)
    return tls_failed("it begins with no certificate in PEM");
  while (X509* const next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    if (SSL_CTX_add0_chain_cert(context->ssl, next) == 1) continue;
    X509_free(next);
    return tls_failed("its chain cannot be used");
  }
  bio = reader();
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  if (!key) return tls_failed("it holds no private key in PEM without a password");
  if (SSL_CTX_use_PrivateKey(context->ssl, key.get()) != 1)
    return tls_failed("its private key is not that of its first certificate");
  ERR_clear_error();  // the end of the text is an error to the reader
  context->fingerprint = fingerprint_of(first.get());
  return use(std::move(context));
}

std::string ServerTls::fingerprint() const {
  const std::lock_guard lock(mutex_);
  return context_ == nullptr ? std::string() : context_->fingerprint;
}

bool ServerTls::is_tls(int fd) {
  unsigned char first = 0;
  return recv(fd, &first, 1, MSG_PEEK | MSG_DONTWAIT) == 1 && first == kHandshakeRecord;
}

bool ServerTls::enter(const std::string& address) {
  const std::lock_guard lock(mutex_);
  const auto same = std::count(addresses_.begin(), addresses_.end(), address);
  if (addresses_.size() >= kRelaysMax || static_cast<size_t>(same) >= kRelaysEachMax) return false;
  addresses_.push_back(address);
  return true;
}

void ServerTls::leave(const std::string& address) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find(addresses_.begin(), addresses_.end(), address);
  if (found != addresses_.end()) addresses_.erase(found);
}

bool ServerTls::take(base::Fd client, Peer peer,
                     const std::function<void(base::Fd, const Peer&)>& begin) {
  std::shared_ptr<Context> context;
  {
    const std::lock_guard lock(mutex_);
    context = context_;
  }
  int ends[2];
  if (context == nullptr ||
      socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
    return false;
  base::Fd plain(ends[0]);
  base::Fd given(ends[1]);
  Session ssl(SSL_new(context->ssl));
  const std::string address = address_of(peer);
  if (!ssl || SSL_set_fd(ssl.get(), client.get()) != 1 || !enter(address)) return false;
  auto relay =
      std::make_shared<Relay>(std::move(ssl), std::move(client), std::move(plain), ending_);
  // The thread has SIGPIPE blocked, as all of the library's have.
  const bool taken = threads_.run([this, relay, context, address]() mutable {
    relay->run();
    relay.reset();
    leave(address);
  });
  if (!taken) {
    leave(address);
    return false;
  }
  peer.tls = true;
  begin(std::move(given), peer);
  return true;
}

}  // namespace outrigger::http
