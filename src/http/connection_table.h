// Which connections there are, what each waits for, and who is cut off when.
//
// Every connection is in one phase; within a phase all have the same time to live, so each phase's
// list is in the order of its deadlines, and looking after all of them means looking at the front
// of seven lists. It also makes the longest idle one the front of a list.
//
//              first byte          header there        body there
//     kIdle ──────────────► kHead ─────────────► kBody ───────────► kBusy (the handler, no
//     deadline)
//       ▲  └──────────────── all in one piece ─────────────────────►  │ │
//       └──────────────── answer taken at once ───────────────────────┘ │ the peer does not take it
//       └───────────────────────────────────────── kWriting ◄───────────┘
//     kFeeding: between two messages of an answer that goes on, no deadline; to kWriting and back
//     kLingering: answered with an error; what the peer still sends is thrown away, so that it
//     reads the answer
//
// To cut a connection off means: note why, and shut its socket down, which wakes whoever waits on
// it. The table knows nothing of event loops; it is thread-safe, and takes the time as an argument.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <list>
#include <mutex>
#include <stop_token>

#include "http/server.h"

namespace outrigger::http {

enum class Phase { kIdle, kHead, kBody, kBusy, kWriting, kFeeding, kLingering };
inline constexpr std::size_t kPhases = 7;

enum class Cut {
  kNone,
  kSlow,     // a deadline has passed
  kEvicted,  // a newcomer needs the place
  kDrained,  // the server ends: serve what has arrived already, then close
};

class ConnectionTable {
 public:
  // A connection's place in the table. Made by enter(), given back to leave().
  struct Entry {
    int fd;
    Phase phase;
    Cut cut;
    int64_t deadline_ns;
    bool has_asked = false;  // it has sent a request
    // While busy: the request's, which tells its handler to stop, and when that is to be told
    // anyway. Only the connection itself puts another in its place.
    std::stop_source stop{std::nostopstate};
    int64_t stop_at_ns = std::numeric_limits<int64_t>::max();
  };
  using Place = std::list<Entry>::iterator;

  explicit ConnectionTable(const ServerLimits& limits);

  // A new connection, idle. When the limit is passed, evicts one for it.
  Place enter(int fd, int64_t now_ns);
  // Before the descriptor is closed.
  void leave(Place place);
  // Into another phase (or the same, with its time started anew); into kBusy counts a request. Says
  // whether it was cut off before; then it stays where it was. Into kIdle while draining: kDrained.
  Cut move(Place place, Phase phase, int64_t now_ns);
  // As of now; it may be cut off right after.
  Cut cut(Place place) const;

  // For a busy one: what tells its handler that nobody waits, and from when on that is so anyway.
  std::stop_token token(Place place) const { return place->stop.get_token(); }
  void limit(Place place, int64_t until_ns);
  // Tells those whose client has hung up, or whose limit has passed. Calls what waits for that.
  void look_after_busy(int64_t now_ns);

  // Cuts off all whose time has passed.
  void sweep(int64_t now_ns);
  // Closes the one that has been idle longest, or, where none is idle, that has been sending its
  // header longest.
  void evict_one();
  // More than the limit and some: the ones that were cut off must leave before another is accepted.
  bool overfull() const;
  bool empty() const;

  // From now on idle connections are closed, those that become idle too. One that has not asked for
  // anything yet was opened a moment ago by a client that means to: it has a second for that.
  void begin_drain(int64_t now_ns);
  bool draining() const;
  // True when no request was under way before the time was over.
  bool wait_until_quiet(std::chrono::milliseconds patience);
  // Cuts off all that are left.
  void cut_all();

  void count_rejection();
  ServerCounts counts() const;

 private:
  void cut_locked(Entry& entry, Cut why);
  void evict_one_locked();
  bool quiet_locked() const;
  std::list<Entry>& list(Phase phase) { return lists_[static_cast<std::size_t>(phase)]; }
  const std::list<Entry>& list(Phase phase) const {
    return lists_[static_cast<std::size_t>(phase)];
  }

  const ServerLimits limits_;

  mutable std::mutex mutex_;  // guards all below
  std::condition_variable quiet_;
  std::array<std::list<Entry>, kPhases> lists_;
  bool draining_ = false;
  ServerCounts counts_;
};

}  // namespace outrigger::http
