// What all parts of the emulator speak of: one call, its answer, and the state that is shared.
//
// aws-emulator is a stand-in for AWS on one machine: strict (every documented limit is enforced,
// every signature verified, each breach noted as a violation) and fast enough to take a million
// log entries a second. docs/reference/aws-emulator.md says how it is used.
//
// Threads: one a connection. World's members lock for themselves.
#pragma once

#include <atomic>
#include <boost/json.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/server.h"

namespace outrigger::emulator {

namespace json = boost::json;

using Answer = http::ServerResponse;

enum class Protocol { kJson, kQuery, kEc2Query, kRest, kPlain };

// Where a body is unpacked. Kept by who serves a connection, so that a body does not cost fresh pages.
class BodyRoom {
 public:
  // Behind `bytes` of them there are some more, for parsers that look ahead.
  static constexpr size_t kPadding = 64;
  char* of(size_t bytes) {
    if (bytes + kPadding > size_) {
      size_ = bytes + kPadding + bytes / 4;
      bytes_ = std::make_unique_for_overwrite<char[]>(size_);
    }
    return bytes_.get();
  }

 private:
  std::unique_ptr<char[]> bytes_;
  size_t size_ = 0;
};

// One request, after it was read and before anybody judged it.
struct Call {
  const http::ServerRequest* http = nullptr;
  std::string_view method;  // HEAD as well, which `http` calls GET
  Protocol protocol = Protocol::kPlain;
  std::string service;    // "logs", "monitoring", "ec2", "imds", "containers", …
  std::string operation;  // "PutLogEvents"; for plain ones the path
  std::string_view body;  // as sent
  std::string_view text;  // what it says, inflated if need be; BodyRoom::kPadding bytes behind it
  bool was_gzip = false;
  std::vector<std::pair<std::string, std::string>> form;  // of a query call, decoded

  std::string_view field(std::string_view name) const;  // of the form; empty when it is not there
};

// An error as AWS words it in the call's own protocol. `status` 0: 400.
Answer refuse(const Call& call, std::string_view code, std::string_view message, int status = 400);
Answer json_answer(const json::value& value);
Answer xml_answer(std::string body);
std::string xml_escaped(std::string_view text);
std::string element(std::string_view name, std::string_view text);  // <name>text</name>
std::string response_metadata();                                    // of a query call's answer

// Breaches of a limit or rule that no well-behaved client commits.
class Violations {
 public:
  void note(std::string_view rule, std::string detail);
  json::object report() const;
  void clear();

 private:
  static constexpr size_t kDetailsMax = 100;
  mutable std::mutex mutex_;
  uint64_t total_ = 0;  // guarded by mutex_, as is the rest
  std::map<std::string, uint64_t, std::less<>> by_rule_;
  std::vector<std::string> details_;
};

// The emulator's clock: the machine's, plus what a test has set it off by; or stopped, so that what
// depends on the millisecond can be told to the millisecond.
class Clock {
 public:
  int64_t now_ms() const;
  int64_t now_s() const { return now_ms() / 1000; }
  void set_offset_ms(int64_t offset) {
    offset_ms_.store(offset, std::memory_order_relaxed);
    stopped_at_ms_.store(0, std::memory_order_relaxed);
  }
  int64_t offset_ms() const { return offset_ms_.load(std::memory_order_relaxed); }
  void stop_at_ms(int64_t now_ms) { stopped_at_ms_.store(now_ms, std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> offset_ms_{0};
  std::atomic<int64_t> stopped_at_ms_{0};  // 0: it goes
};

// So many a second and no more, as AWS's quotas are: a bucket of one second's worth.
class Quota {
 public:
  explicit Quota(double per_second) : per_second_(per_second), tokens_(per_second) {}
  bool take();

 private:
  std::mutex mutex_;
  const double per_second_;
  double tokens_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

// What a test has put into the emulated account: tags, outputs, parameters … One JSON object;
// docs/reference/aws-emulator.md lists its members.
class Account {
 public:
  Account();
  // Members that are given replace those of the same name.
  void merge(const json::object& more);
  json::object get() const;
  // The member at that path of names; null when there is none.
  json::value at(std::initializer_list<std::string_view> path) const;
  std::string text(std::initializer_list<std::string_view> path) const;
  int64_t number(std::initializer_list<std::string_view> path, int64_t otherwise) const;
  bool flag(std::initializer_list<std::string_view> path) const;
  // True when "logs:PutLogEvents" or "logs:*" stands among `deny`.
  bool denies(std::string_view service, std::string_view operation) const;

 private:
  mutable std::mutex mutex_;
  json::object state_;  // guarded by mutex_
  std::atomic<bool> denies_any_{false};
};

// A page of a list: where it begins by the token, how many, and the token of the next.
struct Page {
  size_t begin = 0;
  size_t end = 0;
  std::string next;  // empty: the last one
};
// None when the token is not one that was given out.
std::optional<Page> page_of(std::string_view token, size_t total, size_t page_size);

std::string random_hex(size_t digits);
std::string utc_text(int64_t seconds);  // "2026-11-24T01:42:32Z"

}  // namespace outrigger::emulator
