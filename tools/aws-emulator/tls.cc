#include "tls.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

namespace outrigger::emulator {
namespace {

constexpr long kDayS = 24 * 3600;

template <auto kFree>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Cert = std::unique_ptr<X509, Freed<X509_free>>;

void add_extension(X509* certificate, X509* issuer, int which, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, which, value);
  if (extension == nullptr) return;
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Cert make_certificate(EVP_PKEY* key, const char* name, long from_s, long to_s) {
  Cert made(X509_new());
  if (!made) return made;
  uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(made.get()), serial >> 1);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), from_s);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), to_s);
  X509_set_pubkey(made.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  return made;
}

std::string pem_of(X509* certificate) {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, certificate);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  std::string text(bytes, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

}  // namespace

Result<Tls> make_tls(Certificate kind) {
  const Key authority_key(EVP_EC_gen("P-256"));
  const Key key(EVP_EC_gen("P-256"));
  if (!authority_key || !key) return failed("cannot make keys for TLS");
  const Cert authority =
      make_certificate(authority_key.get(), "aws-emulator authority", -2 * kDayS, 365 * kDayS);
  const bool expired = kind == Certificate::kExpired;
  const Cert leaf =
      make_certificate(key.get(), "aws-emulator", -2 * kDayS, expired ? -kDayS : 365 * kDayS);
  if (!authority || !leaf) return failed("cannot make certificates for TLS");
  X509_set_issuer_name(authority.get(), X509_get_subject_name(authority.get()));
  add_extension(authority.get(), authority.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(authority.get(), authority.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  X509_sign(authority.get(), authority_key.get(), EVP_sha256());
  X509_set_issuer_name(leaf.get(), X509_get_subject_name(authority.get()));
  add_extension(leaf.get(), authority.get(), NID_subject_alt_name,
                kind == Certificate::kOtherName
                    ? "DNS:elsewhere.invalid"
                    : "DNS:localhost,DNS:*.localhost,IP:127.0.0.1,IP:::1");
  add_extension(leaf.get(), authority.get(), NID_ext_key_usage, "serverAuth");
  X509_sign(leaf.get(), authority_key.get(), EVP_sha256());

  Tls tls;
  tls.context.reset(SSL_CTX_new(TLS_server_method()));
  if (!tls.context) return failed("cannot set up TLS");
  SSL_CTX_set_min_proto_version(tls.context.get(), TLS1_2_VERSION);
  if (SSL_CTX_use_certificate(tls.context.get(), leaf.get()) != 1 ||
      SSL_CTX_use_PrivateKey(tls.context.get(), key.get()) != 1)
    return failed("cannot set up TLS with the certificate made for it");
  tls.authority_pem = pem_of(authority.get());
  return tls;
}

}  // namespace outrigger::emulator
