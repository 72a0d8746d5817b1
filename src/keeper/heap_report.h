// The heap profile that goes into the log when memory runs out: its largest stacks in an entry, and
// all of it, as profile.proto in pieces, in the entries behind it. `prober profile fetch` puts them
// together again. Where there is a bucket for profiles, all of it goes there instead, if S3 takes it in
// time.
//
// Belongs to the keeper's loop.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "keeper/profile_store.h"
#include "keeper/profiles.h"
#include "render/made_record.h"

namespace outrigger::keeper {

class HeapReport {
 public:
  explicit HeapReport(Profiles& profiles) : profiles_(profiles) {}

  void store_in(std::unique_ptr<ProfileStore> store) { store_ = std::move(store); }

  // Asks for it; nothing when one is being taken already.
  void begin();
  // Each turn while it is busy.
  void look();
  bool is_busy() const { return step_ != Step::kNothing && step_ != Step::kDone; }
  // It is there, as far as it could be had.
  bool is_done() const { return step_ == Step::kDone; }

  const std::string& top() const { return top_; }    // the largest stacks; or why there are none
  const std::string& name() const { return name_; }  // in each piece's entry; empty: no pieces
  const std::string& stored() const { return stored_; }  // "s3://…"; empty: it is not there
  size_t pieces() const;                                 // none of what is stored
  // "heap profile {profile}, part {part} of {parts}", and the bytes in base64.
  void make_piece(render::MadeRecord& made, size_t index) const;
  void forget();

 private:
  enum class Step { kNothing, kTop, kProto, kStore, kDone };
  void ask(pprof::Form form);
  void take_proto(std::string proto);
  void look_at_store();

  Profiles& profiles_;
  Step step_ = Step::kNothing;
  std::shared_ptr<pprof::Job> job_;
  std::string top_;
  std::string proto_;
  std::string name_;
  std::string stored_;
  int64_t store_by_ns_ = 0;              // CLOCK_MONOTONIC
  std::unique_ptr<ProfileStore> store_;  // none: there is no bucket
};

}  // namespace outrigger::keeper
