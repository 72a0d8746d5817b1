// Heap profiles in S3, where a stack names a bucket for them: an object each, put by a thread of its own,
// so that the keeper's loop goes on. With the keeper's credentials, which the service has not.
//
//   s3://BUCKET/SERVICE/profiles/INSTANCE/heap-1764000000000.pb.gz
//
// Threads: all calls belong to the keeper's loop.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "discovery/access.h"
#include "http/cancel.h"
#include "outrigger/result.h"

namespace outrigger::keeper {

class ProfileStore {
 public:
  // `folder`: "prober/profiles/ip-10-0-0-10".
  ProfileStore(std::shared_ptr<discovery::Access> access, std::string bucket, std::string folder);
  ~ProfileStore();  // cuts what is under way short
  ProfileStore(const ProfileStore&) = delete;
  ProfileStore& operator=(const ProfileStore&) = delete;

  // Begins to put `bytes` there as NAME.pb.gz. Precondition: nothing is under way.
  void begin(const std::string& name, std::string bytes);
  // Where it is ("s3://…"), once; nothing while it is under way.
  std::optional<Result<std::string>> take();
  // Too late: take() will not be asked.
  void give_up();

 private:
  Result<std::string> put(const std::string& key, const std::string& bytes);

  const std::shared_ptr<discovery::Access> access_;
  const std::string bucket_;
  const std::string folder_;
  std::unique_ptr<http::Cancel> cancel_;
  std::optional<Result<std::string>> outcome_;  // the thread's until done_
  std::atomic<bool> done_{false};
  std::thread thread_;
};

}  // namespace outrigger::keeper
