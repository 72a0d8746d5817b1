// AWS as this program may use it: where it runs, and a client with its region and credentials.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "aws/client.h"
#include "aws/imds.h"
#include "aws/variables.h"
#include "discovery/place.h"
#include "http/cancel.h"
#include "http/pool.h"

namespace outrigger::discovery {

struct Found {
  Place place;
  std::shared_ptr<http::Pool> pool;
  std::shared_ptr<aws::Imds> imds;
  std::shared_ptr<aws::Client> client;  // null: AWS cannot be asked
  std::string no_client;                // why: one sentence
};

// Finds it when somebody first asks, and keeps it. Without a client it is looked for again by
// whoever asks next: metadata may come up later than the program. Until then nothing is opened, read
// or sent. Any thread.
class Access {
 public:
  explicit Access(aws::Variables variables = aws::own_variables())
      : variables_(std::move(variables)) {}

  // Blocks while the metadata is asked; who asks meanwhile waits for the same answer.
  std::shared_ptr<const Found> find(const http::Cancel* cancel);

  const aws::Variables& variables() const { return variables_; }

 private:
  const aws::Variables variables_;
  std::mutex mutex_;
  std::shared_ptr<const Found> found_;  // guarded by mutex_
};

}  // namespace outrigger::discovery
