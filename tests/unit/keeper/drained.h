// A drain in this process, fed by real log calls, and what it put into its spool.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "crew.h"
#include "keeper/drain.h"
#include "log/attach.h"
#include "segment/mapping.h"

namespace outrigger::keeper {

class Drained {
 public:
  Drained() {
    char why[200];
    segment_.reset(segment::create(why, sizeof(why)));
    view_ = segment::View(segment::map(segment_.get()));
    log::attach(view_.base());
    auto opened = Spool::open(-1, 5);
    spool = std::move(*opened);
    clock =
        std::make_unique<TickClock>(view_.header().ticks_at_start, view_.header().real_ns_at_start);
    recent = std::make_unique<Recent>(render::Image::of_program());
    drain = std::make_unique<Drain>(view_, segment_.get(), *spool, *recent, *clock);
  }
  ~Drained() {
    log::detach();
    munmap(view_.base(), segment::kBytes);
  }

  void turn_until_idle() {
    for (;;) {
      const Drain::Turn turn = drain->turn(Drain::Service::kLives);
      if (turn == Drain::Turn::kIdle || turn == Drain::Turn::kNoRoom) return;
    }
  }
  // All lines that were committed since the last call; stdout has them then.
  std::vector<std::string> lines() {
    std::string text;
    std::vector<char> bytes(1 << 20);
    while (!spool->is_drained()) {
      const Spool::Chunk chunk = spool->take(bytes.data(), bytes.size());
      text.append(bytes.data(), chunk.bytes);
      spool->wrote(chunk.end);
      spool->delivered(chunk);
    }
    return lines_of(text);
  }
  segment::View view() const { return view_; }

  std::unique_ptr<Spool> spool;
  std::unique_ptr<TickClock> clock;
  std::unique_ptr<Recent> recent;
  std::unique_ptr<Drain> drain;

 private:
  base::Fd segment_;
  segment::View view_;
};

}  // namespace outrigger::keeper
