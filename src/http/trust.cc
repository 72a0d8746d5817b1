#include "http/trust.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>
#include <string_view>

#include "http/bundle.h"

namespace outrigger::http {
namespace {

// Where distributions keep the bundle: Debian and Alpine, Red Hat (Amazon Linux too), SUSE, Red
// Hat's newer place, Alpine's and BSD's other one.
constexpr const char* kBundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
};

struct ContextDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using Context = std::unique_ptr<SSL_CTX, ContextDeleter>;

Error no_bundle(std::string_view detail) {
  return failed("no CA certificates for https: " + std::string(detail));
}

Result<Context> empty_context() {
  // No openssl.cnf: no configuration file is read. No clean-up at exit: other threads may still be
  // at it then.
  OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, nullptr);
  Context context(SSL_CTX_new(TLS_client_method()));
  if (!context) return failed("TLS cannot be set up: out of memory");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  return context;
}

bool add_file(SSL_CTX* context, const char* path) {
  return access(path, R_OK) == 0 && SSL_CTX_load_verify_file(context, path) == 1;
}

bool add_last_resort(SSL_CTX* context) {
  const std::string_view pem = compiled_in_bundle();
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  int count = 0;
  while (bio != nullptr) {
    X509* one = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    if (one == nullptr) break;
    count += X509_STORE_add_cert(store, one);
    X509_free(one);
  }
  BIO_free(bio);
  ERR_clear_error();  // the end of the text is an error to the reader
  return count > 0;
}

// Gives the name of what was loaded.
Result<std::string> add_system(SSL_CTX* context) {
  const char* file = getenv("SSL_CERT_FILE");
  const char* directory = getenv("SSL_CERT_DIR");
  if (file != nullptr && *file != '\0') {
    if (add_file(context, file)) return std::string(file);
    return no_bundle("SSL_CERT_FILE names " + std::string(file) + ", which cannot be read as one");
  }
  if (directory != nullptr && *directory != '\0') {
    if (SSL_CTX_load_verify_dir(context, directory) == 1) return std::string(directory);
    return no_bundle("SSL_CERT_DIR names " + std::string(directory) + ", which cannot be used");
  }
  std::string looked;
  for (const char* bundle : kBundles) {
    if (add_file(context, bundle)) return std::string(bundle);
    looked += looked.empty() ? "" : ", ";
    looked += bundle;
  }
  if (add_last_resort(context)) return std::string("the bundle compiled in");
  return no_bundle("looked for " + looked + "; SSL_CERT_FILE can name another file");
}

}  // namespace

Trust::~Trust() { SSL_CTX_free(context_); }

Result<std::shared_ptr<const Trust>> Trust::of_system() {
  static std::mutex mutex;
  // Never destroyed: threads may still be at it when the program ends. Guarded by mutex.
  static auto* const shared = new std::shared_ptr<const Trust>;
  const std::lock_guard lock(mutex);
  if (*shared) return *shared;
  auto context = empty_context();
  if (!context) return context.error();
  auto from = add_system(context->get());
  if (!from) return from.error();
  shared->reset(new Trust(context->release(), std::move(*from)));
  return *shared;
}

Result<std::shared_ptr<const Trust>> Trust::of_file(const std::string& path) {
  auto context = empty_context();
  if (!context) return context.error();
  if (!add_file(context->get(), path.c_str()))
    return no_bundle(path + " cannot be read as a bundle of them");
  return std::shared_ptr<const Trust>(new Trust(context->release(), path));
}

Result<std::shared_ptr<const Trust>> Trust::of_fingerprint(std::string_view sha256) {
  std::string digits;
  bool fits = true;
  for (const char c : sha256) {
    const char lower = c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c;
    if (c == ':') continue;
    fits = fits && ((lower >= '0' && lower <= '9') || (lower >= 'a' && lower <= 'f'));
    digits += lower;
  }
  if (!fits || digits.size() != 64)
    return bad_input("fingerprint", sha256, "the SHA-256 of a certificate: 64 hexadecimal digits");
  auto context = empty_context();
  if (!context) return context.error();
  SSL_CTX_set_verify(context->get(), SSL_VERIFY_NONE, nullptr);
  const std::shared_ptr<Trust> trust(new Trust(context->release(), "a fingerprint"));
  trust->fingerprint_ = std::move(digits);
  return std::shared_ptr<const Trust>(trust);
}

Result<std::shared_ptr<const Trust>> Trust::of_last_resort() {
  auto context = empty_context();
  if (!context) return context.error();
  if (!add_last_resort(context->get())) return no_bundle("none was compiled in");
  return std::shared_ptr<const Trust>(new Trust(context->release(), "the bundle compiled in"));
}

}  // namespace outrigger::http
