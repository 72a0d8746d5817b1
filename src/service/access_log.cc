#include "service/access_log.h"

#include <cstdint>
#include <string>

#include "outrigger/log.h"

namespace outrigger::service {
namespace {

using Time = std::chrono::steady_clock::time_point;

struct Asked {
  std::string method, path, client;
  Time began;
};

// Sampling needs no good chance, only an even one: a multiplier by Lehmer, each thread its own.
bool is_chosen(double share) {
  if (share >= 1) return true;
  thread_local uint64_t state = reinterpret_cast<uintptr_t>(&state) | 1;
  state *= 0xda942042e4dd58b5ULL;
  return static_cast<double>(state >> 11) * 0x1p-53 < share;
}

void write(const Asked& asked, int status, size_t bytes) {
  const double ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - asked.began)
          .count();
  log::info("{method} {path} {status} in {duration_ms:.1f} ms, {bytes} bytes to {client}",
            asked.method, asked.path, status, ms, bytes, asked.client);
}

}  // namespace

ops::ServedResponse AccessLog::note(const ops::ServedRequest& request, Time began,
                                    ops::ServedResponse response) const {
  const bool chosen = is_chosen(share_);
  const auto asked = [&] {
    return Asked{std::string(request.method), std::string(request.path),
                 request.address.empty() ? "unix" : std::string(request.address), began};
  };
  if (!response.stream) {
    if (chosen || response.status >= 500) write(asked(), response.status, response.body.size());
    return response;
  }
  response.stream = [asked = asked(), chosen,
                     stream = std::move(response.stream)](const ops::Send& send) {
    size_t bytes = 0;
    ops::ServedResponse end = stream([&](std::string_view piece) {
      bytes += piece.size();
      return send(piece);
    });
    if (chosen || end.status >= 500) write(asked, end.status, bytes + end.body.size());
    return end;
  };
  return response;
}

}  // namespace outrigger::service
