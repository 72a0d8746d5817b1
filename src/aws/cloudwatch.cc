#include "aws/cloudwatch.h"

namespace outrigger::aws::cloudwatch {

Outcome<Done> put_metric_data(Client& client, std::string_view body, Encoding encoding,
                              std::chrono::milliseconds timeout, int attempts,
                              const http::Cancel* cancel) {
  Call call;
  call.service = Service::kMetrics;
  call.headers = {{"Content-Type", "application/x-amz-json-1.0"},
                  {"X-Amz-Target", "GraniteServiceVersion20100801.PutMetricData"}};
  if (encoding == Encoding::kGzip) call.headers.emplace_back("Content-Encoding", "gzip");
  call.body = body;
  call.timeout = timeout;
  call.attempts = attempts;
  const auto answer = client.call(call, cancel);
  if (!answer) return answer.failure();
  return Done{};
}

}  // namespace outrigger::aws::cloudwatch
