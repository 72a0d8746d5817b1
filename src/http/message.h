// The text of answers: status lines, the headers that every answer carries. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/server.h"

namespace outrigger::http {

// "Not Found"; "Unknown" for a status that HTTP does not name.
std::string_view reason_of(int status);

// How an answer says where its body ends.
struct Length {
  enum class Kind { kBytes, kChunked, kUntilTheEnd } kind;
  std::size_t bytes = 0;
  static Length of(std::size_t bytes) { return {Kind::kBytes, bytes}; }
  static Length chunked() { return {Kind::kChunked, 0}; }
  static Length until_the_end() { return {Kind::kUntilTheEnd, 0}; }  // HTTP/1.0
};

enum class AfterAnswer { kKeepAlive, kClose };

// Everything before the body, the empty line included; the body in `response` is not looked at.
// Line ends inside header values become spaces.
std::string answer_head(const ServerResponse& response, Length length, AfterAnswer after,
                        int64_t unix_seconds);

// An answer that is one sentence: an RFC 9457 problem, the sentence its `detail`.
ServerResponse error_response(int status, std::string_view sentence);

// Compared without case, in ASCII.
bool same_token(std::string_view a, std::string_view b);

// Appended between double quotes, escaped as JSON wants it; bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string_view text, std::string& out);

}  // namespace outrigger::http
