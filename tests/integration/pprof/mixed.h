// Work that goes through libc, libstdc++ and OpenSSL, in callbacks, in exceptions being thrown: for the
// service whose profiles are judged, and for its peer.
#pragma once

#include <openssl/evp.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

std::atomic<bool> g_stop{false};

[[gnu::noinline]] uint64_t burn(uint64_t rounds) {
  uint64_t x = rounds;
  for (uint64_t i = 0; i < rounds; ++i) {
    x = x * 6364136223846793005ULL + 1442695040888963407ULL;
    asm volatile("" : "+r"(x));
  }
  return x;
}

int compare(const void* a, const void* b) {
  const int x = *static_cast<const int*>(a);
  const int y = *static_cast<const int*>(b);
  burn(20);
  return (x > y) - (x < y);
}
[[gnu::noinline]] void sorts(unsigned seed) {
  std::vector<int> numbers(5000);
  for (int& each : numbers) each = static_cast<int>(seed = seed * 1103515245 + 12345);
  qsort(numbers.data(), numbers.size(), sizeof(int), compare);
}
[[gnu::noinline]] void throws(int depth) {
  if (depth == 0) throw std::runtime_error("as asked");
  std::string text(100, 'a');
  throws(depth - 1);
  asm volatile("" ::"r"(&text) : "memory");
}
[[gnu::noinline]] void digests() {
  static const std::vector<unsigned char> text(64 << 10, 'x');
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr);
}

// Through libc, libstdc++ and OpenSSL, in callbacks, in exceptions being thrown.
void mixed() {
  for (unsigned i = 0; !g_stop; ++i) {
    sorts(i);
    for (int k = 0; k < 100; ++k) {
      try {
        throws(6);
      } catch (const std::exception&) {
      }
    }
    for (int k = 0; k < 10; ++k) digests();
    std::vector<std::string> names;
    for (int k = 0; k < 2000; ++k) names.push_back(std::to_string(k * i));
    std::sort(names.begin(), names.end());
  }
}

}  // namespace
