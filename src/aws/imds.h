// The metadata of an EC2 instance, by IMDSv2: a token first, which then goes with every question.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
//
// Blocks its thread. Any thread.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "aws/failure.h"
#include "aws/variables.h"
#include "http/pool.h"

namespace outrigger::aws {

class Imds {
 public:
  static constexpr std::string_view kAddress = "http://169.254.169.254";
  static constexpr std::string_view kAddressV6 = "http://[fd00:ec2::254]";
  // A token's life: any from 1 s to 6 h may be asked for.
  static constexpr std::chrono::seconds kTokenLife{21'600};
  // In a container the hop limit (1 by default) swallows the answer to the first question: it hangs.
  static constexpr std::chrono::milliseconds kTimeout{1'000};

  Imds(const Variables& variables, std::shared_ptr<http::Pool> pool);

  // AWS_EC2_METADATA_DISABLED.
  bool disabled() const { return disabled_; }
  // AWS_EC2_METADATA_SERVICE_ENDPOINT, else by AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE (IPv4, IPv6).
  const std::string& endpoint() const { return endpoint_; }

  // "latest/meta-data/instance-id". One attempt of kTimeout, two where the token has to be fetched
  // anew. A 404 is FailureKind::kRejected with status 404.
  Outcome<std::string> get(std::string_view path, const http::Cancel* cancel);

 private:
  Outcome<std::string> token(const http::Cancel* cancel);
  Outcome<http::Response> ask(const char* method, std::string_view path, const char* header,
                              const std::string& value, const http::Cancel* cancel);

  const std::shared_ptr<http::Pool> pool_;
  const bool disabled_;
  const std::string endpoint_;

  std::mutex mutex_;  // guards both below
  std::string token_;
  std::chrono::steady_clock::time_point token_until_{};
};

}  // namespace outrigger::aws
