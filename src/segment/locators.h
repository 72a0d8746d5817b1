// The current lists of the locators: written by the keeper whenever one changes, read by the service
// at any time. Bytes as settings_answer.h has them.
//
//   version even: whole; odd: the keeper is in it, or died there (its successor writes it anew)
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "segment/layout.h"

namespace outrigger::segment {

inline constexpr size_t kLocatorTextMax = kLocatorBytes - kBlobDataAt;

namespace locators {

inline uint64_t* words_of(View view) {
  return reinterpret_cast<uint64_t*>(reinterpret_cast<char*>(&view.locators()) + kBlobDataAt);
}

}  // namespace locators

// The keeper's one thread. What is too long is not written: false.
inline bool write_locators(View view, std::string_view bytes) {
  if (bytes.size() > kLocatorTextMax) return false;
  LocatorBlob& blob = view.locators();
  uint64_t* const words = locators::words_of(view);
  const uint32_t odd = blob.version.load(std::memory_order_relaxed) | 1;
  blob.version.store(odd, std::memory_order_relaxed);
  // The odd version must be seen before any of the words.
  std::atomic_thread_fence(std::memory_order_release);
  for (size_t at = 0; at < bytes.size(); at += 8) {
    uint64_t word = 0;
    memcpy(&word, bytes.data() + at, std::min<size_t>(8, bytes.size() - at));
    std::atomic_ref(words[at / 8]).store(word, std::memory_order_relaxed);
  }
  blob.length.store(static_cast<uint32_t>(bytes.size()), std::memory_order_relaxed);
  // Release: pairs with the reader's acquire.
  blob.version.store(odd + 1, std::memory_order_release);
  return true;
}

// What is there, unless it is the version seen before or just being written; sets `seen`. Any
// thread.
inline std::optional<std::string> read_locators(View view, uint32_t& seen) {
  const LocatorBlob& blob = view.locators();
  const uint32_t version = blob.version.load(std::memory_order_acquire);
  if (version == seen || version % 2 != 0) return std::nullopt;
  const uint32_t length = blob.length.load(std::memory_order_relaxed);
  if (length > kLocatorTextMax) return std::nullopt;
  uint64_t* const words = locators::words_of(view);
  std::string bytes(length, '\0');
  for (size_t at = 0; at < length; at += 8) {
    const uint64_t word = std::atomic_ref(words[at / 8]).load(std::memory_order_relaxed);
    memcpy(bytes.data() + at, &word, std::min<size_t>(8, length - at));
  }
  // The words above must not be read after the second look at the version.
  std::atomic_thread_fence(std::memory_order_acquire);
  if (blob.version.load(std::memory_order_relaxed) != version) return std::nullopt;
  seen = version;
  return bytes;
}

}  // namespace outrigger::segment
