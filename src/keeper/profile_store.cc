#include "keeper/profile_store.h"

#include <system_error>
#include <utility>

#include "aws/s3.h"
#include "aws/sigv4.h"
#include "base/threads.h"

namespace outrigger::keeper {

ProfileStore::ProfileStore(std::shared_ptr<discovery::Access> access, std::string bucket,
                           std::string folder)
    : access_(std::move(access)), bucket_(std::move(bucket)), folder_(std::move(folder)) {}

ProfileStore::~ProfileStore() { give_up(); }

void ProfileStore::begin(const std::string& name, std::string bytes) {
  cancel_ = std::make_unique<http::Cancel>();
  outcome_.reset();
  done_.store(false, std::memory_order_relaxed);
  try {
    thread_ = base::start_thread(
        "or-profile", [this, key = folder_ + "/" + name + ".pb.gz", bytes = std::move(bytes)] {
          outcome_ = put(key, bytes);
          // Release: pairs with the acquire in take().
          done_.store(true, std::memory_order_release);
        });
  } catch (const std::system_error& error) {
    outcome_ = failed(error.what());
  }
}

Result<std::string> ProfileStore::put(const std::string& key, const std::string& bytes) {
  const auto found = access_->find(cancel_.get());
  if (found->client == nullptr) return failed(found->no_client);
  const auto done = aws::s3::put_object(*found->client, {bucket_, key}, bytes,
                                        aws::sha256_hex(bytes), cancel_.get());
  // An answer that was lost: the name is this moment's, so nobody else has put one there.
  if (!done && !done.failure().is("PreconditionFailed")) return failed(done.failure().message);
  return "s3://" + bucket_ + "/" + key;
}

std::optional<Result<std::string>> ProfileStore::take() {
  if (thread_.joinable()) {
    if (!done_.load(std::memory_order_acquire)) return std::nullopt;
    thread_.join();
  }
  return std::exchange(outcome_, std::nullopt);
}

void ProfileStore::give_up() {
  if (!thread_.joinable()) return;
  cancel_->fire();
  thread_.join();
}

}  // namespace outrigger::keeper
