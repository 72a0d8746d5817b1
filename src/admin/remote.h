// A command asks a service elsewhere, and where it is told to, proves by IAM who asks.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "outrigger/http.h"
#include "outrigger/result.h"

namespace outrigger::admin {

struct Remote {
  bool as_iam = false;
  // Whom the proof is for, "prober/production/i-0abc". It is never asked of the other side: who took
  // its word could be made to sign for somebody else.
  std::string audience;
  std::string fingerprint;  // of the one certificate that is believed; empty: the authorities'
  bool plaintext = false;   // whether a proof may go where others can listen
};

// Takes --as-iam, --audience VALUE, --fingerprint SHA256, --plaintext at words[i] (and the value behind it, on which `i` then
// stands). False: it is another word.
Result<bool> take_remote_word(const std::vector<std::string_view>& words, int& i, Remote& remote);
inline Result<bool> take_remote_word(const std::vector<std::string_view>& words, std::size_t& i,
                                     Remote& remote) {
  int at = static_cast<int>(i);
  auto taken = take_remote_word(words, at, remote);
  i = static_cast<std::size_t>(at);
  return taken;
}

// A word that is a URL, while there is none yet: kept without slashes at its end.
bool take_url(std::string_view word, std::string& url);

// What does not fit together; empty: nothing.
std::string wrong_with(const Remote& remote, std::string_view url);

// The answer, whatever its status; but 401 and 403 to a proof are errors, in words.
Result<http::Response> ask_remote(http::Request request, const Remote& remote);

}  // namespace outrigger::admin
