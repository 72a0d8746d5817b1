#include "http/pool.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace outrigger::http {
namespace {

std::string key_of(const Url& url) { return (url.tls ? "https://" : "http://") + url.authority; }

// Nothing may have come since the last answer: the peer's goodbye, or bytes that belong to nobody.
bool is_quiet(const ClientConnection& connection) {
  char byte;
  const ssize_t count = recv(connection.fd.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace

Result<Response> Pool::send(const Request& request, std::string_view body, const Cancel* cancel,
                            Progress& progress) {
  const auto began = Deadline::Clock::now();
  const Deadline deadline(request.timeout, cancel);
  progress = {};
  const auto url = parse_url(request.url);
  if (!url) return url.error();
  const auto head = request_head(request, *url, body.size(), AfterExchange::kKeepAlive);
  if (!head) return head.error();
  const std::string key = key_of(*url);
  for (;;) {
    ClientConnection connection;
    // An address that `allow` would refuse now is not to be reached by what was allowed before.
    const bool kept = !request.allow && take(key, connection);
    if (!kept) {
      auto dialed =
          dial(request, *url, options_.trust.get(), deadline.within(options_.connect_max));
      if (!dialed) return finish(dialed.error(), *url, {}, began);
      connection = std::move(*dialed);
    }
    auto response = exchange(connection, *head, body, request, deadline, progress);
    // It was closed while the request was on its way: not all of it left, so none was acted on.
    if (!response && kept && !progress.sent_all && !progress.answered &&
        deadline.left().count() != 0) {
      progress = {};
      continue;
    }
    auto finished = finish(std::move(response), *url, connection.address, began);
    if (progress.reusable) keep(key, std::move(connection));
    return finished;
  }
}

// Given to the caller, who closes them without the lock.
std::vector<Pool::Idle> Pool::take_stale_locked() {
  const auto oldest = Deadline::Clock::now() - options_.idle_max;
  const auto young = std::find_if(idle_.begin(), idle_.end(),
                                  [&](const Idle& one) { return one.since >= oldest; });
  std::vector<Idle> stale(std::make_move_iterator(idle_.begin()), std::make_move_iterator(young));
  idle_.erase(idle_.begin(), young);
  return stale;
}

bool Pool::take(const std::string& key, ClientConnection& connection) {
  std::vector<Idle> closed;
  const std::lock_guard lock(mutex_);
  closed = take_stale_locked();
  for (auto one = idle_.rbegin(); one != idle_.rend();) {
    if (one->key != key) {
      ++one;
      continue;
    }
    Idle found = std::move(*one);
    one = std::make_reverse_iterator(idle_.erase(std::next(one).base()));
    if (is_quiet(found.connection)) {
      connection = std::move(found.connection);
      return true;
    }
    closed.push_back(std::move(found));
  }
  return false;
}

void Pool::keep(std::string key, ClientConnection connection) {
  std::vector<Idle> closed;
  const std::lock_guard lock(mutex_);
  closed = take_stale_locked();
  if (options_.idle_count_max == 0) return;
  if (idle_.size() >= options_.idle_count_max) {
    closed.push_back(std::move(idle_.front()));
    idle_.erase(idle_.begin());
  }
  idle_.push_back({std::move(key), std::move(connection), Deadline::Clock::now()});
}

void Pool::close_idle() {
  std::vector<Idle> closed;
  const std::lock_guard lock(mutex_);
  closed.swap(idle_);
}

std::size_t Pool::idle_count() const {
  const std::lock_guard lock(mutex_);
  return idle_.size();
}

}  // namespace outrigger::http
