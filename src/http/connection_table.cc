#include "http/connection_table.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace outrigger::http {
namespace {

// How many connections that were cut off may still be on their way out.
constexpr size_t kLeaving = 64;
constexpr std::chrono::milliseconds kLingerTime{1'000};
constexpr int64_t kFirstRequestNs = 1'000'000'000;  // while draining

int64_t time_for(Phase phase, const ServerLimits& limits) {
  std::chrono::nanoseconds time{};
  switch (phase) {
    case Phase::kIdle: time = limits.keep_alive; break;
    case Phase::kHead: time = limits.header; break;
    case Phase::kBody: time = limits.body; break;
    case Phase::kBusy:
    case Phase::kFeeding: return std::numeric_limits<int64_t>::max();
    case Phase::kWriting: time = limits.write; break;
    case Phase::kLingering: time = kLingerTime; break;
  }
  return time.count();
}

}  // namespace

ConnectionTable::ConnectionTable(const ServerLimits& limits) : limits_(limits) {}

ConnectionTable::Place ConnectionTable::enter(int fd, int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  ++counts_.accepted;
  if (counts_.connections >= limits_.connections) evict_one_locked();
  auto& idle = list(Phase::kIdle);
  Entry entry{.fd = fd,
              .phase = Phase::kIdle,
              .cut = Cut::kNone,
              .deadline_ns = now_ns + time_for(Phase::kIdle, limits_)};
  if (draining_) entry.deadline_ns = std::min(entry.deadline_ns, now_ns + kFirstRequestNs);
  const Place place = idle.insert(idle.end(), std::move(entry));
  ++counts_.connections;
  return place;
}

void ConnectionTable::leave(Place place) {
  const std::lock_guard lock(mutex_);
  list(place->phase).erase(place);
  --counts_.connections;
  if (draining_ && quiet_locked()) quiet_.notify_all();
}

Cut ConnectionTable::move(Place place, Phase phase, int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  // An answer that ends with the connection is given even to those that were asked to go.
  if (place->cut == Cut::kSlow || place->cut == Cut::kEvicted) {
    if (phase != Phase::kLingering) return place->cut;
    place->cut = Cut::kNone;
  }
  auto& target = list(phase);
  target.splice(target.end(), list(place->phase), place);
  place->phase = phase;
  if (phase == Phase::kBusy) {
    ++counts_.requests;
    place->has_asked = true;
    if (!place->stop.stop_possible() || place->stop.stop_requested()) place->stop = {};
    place->stop_at_ns = std::numeric_limits<int64_t>::max();
  }
  const int64_t time = time_for(phase, limits_);
  place->deadline_ns = time > std::numeric_limits<int64_t>::max() - now_ns ? time : now_ns + time;
  if (draining_) {
    if (quiet_locked()) quiet_.notify_all();
    if (phase == Phase::kIdle) return Cut::kDrained;
  }
  return Cut::kNone;
}

Cut ConnectionTable::cut(Place place) const {
  const std::lock_guard lock(mutex_);
  return place->cut;
}

void ConnectionTable::limit(Place place, int64_t until_ns) {
  const std::lock_guard lock(mutex_);
  place->stop_at_ns = until_ns;
}

void ConnectionTable::look_after_busy(int64_t now_ns) {
  std::vector<std::stop_source> over;
  {
    const std::lock_guard lock(mutex_);
    for (const Entry& entry : list(Phase::kBusy)) {
      if (entry.stop.stop_requested()) continue;
      pollfd peer{entry.fd, POLLRDHUP, 0};
      if (entry.stop_at_ns <= now_ns || poll(&peer, 1, 0) > 0) over.push_back(entry.stop);
    }
  }
  for (std::stop_source& source : over) source.request_stop();
}

void ConnectionTable::cut_locked(Entry& entry, Cut why) {
  entry.cut = why;
  // Shutting down only our reading side wakes the connection and leaves it able to say why it ends.
  const bool says_goodbye = entry.phase == Phase::kHead || entry.phase == Phase::kBody ||
                            (entry.phase == Phase::kIdle && why == Cut::kDrained);
  shutdown(entry.fd, says_goodbye ? SHUT_RD : SHUT_RDWR);
}

void ConnectionTable::sweep(int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  for (auto& phase : lists_) {
    for (Entry& entry : phase) {
      // On its way out, and in nobody's way.
      if (entry.phase == Phase::kIdle && entry.cut == Cut::kDrained) continue;
      if (entry.deadline_ns > now_ns) break;
      if (entry.cut == Cut::kSlow) continue;
      if (entry.phase != Phase::kIdle && entry.phase != Phase::kLingering) ++counts_.timed_out;
      cut_locked(entry, Cut::kSlow);
    }
  }
}

void ConnectionTable::evict_one() {
  const std::lock_guard lock(mutex_);
  evict_one_locked();
}

void ConnectionTable::evict_one_locked() {
  for (const Phase phase : {Phase::kIdle, Phase::kLingering, Phase::kHead, Phase::kBody}) {
    for (Entry& entry : list(phase)) {
      if (entry.cut == Cut::kEvicted) continue;
      entry.cut = Cut::kEvicted;
      shutdown(entry.fd, SHUT_RDWR);
      ++counts_.evicted;
      return;
    }
  }
}

bool ConnectionTable::overfull() const {
  const std::lock_guard lock(mutex_);
  return counts_.connections >= limits_.connections + kLeaving;
}

bool ConnectionTable::empty() const {
  const std::lock_guard lock(mutex_);
  return counts_.connections == 0;
}

void ConnectionTable::begin_drain(int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  draining_ = true;
  for (Entry& entry : list(Phase::kIdle)) {
    if (!entry.has_asked) entry.deadline_ns = std::min(entry.deadline_ns, now_ns + kFirstRequestNs);
    else if (entry.cut == Cut::kNone) cut_locked(entry, Cut::kDrained);
  }
}

bool ConnectionTable::draining() const {
  const std::lock_guard lock(mutex_);
  return draining_;
}

bool ConnectionTable::quiet_locked() const {
  // An idle one may hold a request that has arrived and was not read yet; it was woken to look.
  return list(Phase::kIdle).empty() && list(Phase::kHead).empty() && list(Phase::kBody).empty() &&
         list(Phase::kBusy).empty() && list(Phase::kWriting).empty() &&
         list(Phase::kFeeding).empty();
}

bool ConnectionTable::wait_until_quiet(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  return quiet_.wait_for(lock, patience, [this] { return quiet_locked(); });
}

void ConnectionTable::cut_all() {
  const std::lock_guard lock(mutex_);
  for (auto& phase : lists_) {
    for (Entry& entry : phase) {
      entry.cut = Cut::kEvicted;
      shutdown(entry.fd, SHUT_RDWR);
    }
  }
}

void ConnectionTable::count_rejection() {
  const std::lock_guard lock(mutex_);
  ++counts_.rejected;
}

ServerCounts ConnectionTable::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace outrigger::http
