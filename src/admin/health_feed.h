// What /health says, again whenever it changes: server-sent events, for pages that are open.
//
// One look at the source serves all pages, at most five times a second, and none is made while no
// page is open. Each feed holds nothing but the number of the message that it sent last. Belongs to
// the admin server's one thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "admin/exposure.h"
#include "admin/source.h"
#include "http/server.h"

namespace outrigger::admin {

class HealthFeeds : public std::enable_shared_from_this<HealthFeeds> {
 public:
  // At a time; strangers cannot take the others' places.
  static constexpr int kInsidersMax = 32;
  static constexpr int kStrangersMax = 8;

  // `source` must outlive this and all feeds.
  explicit HealthFeeds(Source& source) : source_(source) {}

  // A response with a feed; 503 when there are as many as may be.
  http::ServerResponse open(Trust trust);

 private:
  class Stream;
  // What is said to all who are trusted alike.
  struct Said {
    int open = 0;
    uint64_t number = 0;  // of the message; 0: none yet
    std::string message;
    std::string compared;  // it, without what changes all the time
    int64_t at_ns = 0;
  };

  const Said& look(Trust trust, http::Feed::Turn turn);
  void say(const HealthReport& report, Trust trust, int64_t now_ns);
  Said& said(Trust trust) { return said_[trust == Trust::kInsider]; }

  Source& source_;
  std::array<Said, 2> said_;
  int64_t looked_ns_ = 0;
};

}  // namespace outrigger::admin
