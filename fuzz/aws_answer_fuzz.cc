// Answers of AWS and of what claims to be it: errors in JSON and XML, credentials, times; and the
// settings' answer in the segment.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "aws/credentials.h"
#include "aws/failure.h"
#include "aws/skew.h"
#include "aws/time.h"
#include "aws/xml.h"
#include "discovery/sources.h"
#include "segment/settings_answer.h"

namespace {

void walk(outrigger::aws::Xml::Node node, int depth) {
  if (depth == 0) return;
  (void)node.text("a");
  for (const auto& child : node.all("member")) walk(child, depth - 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace outrigger;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const int status : {400, 503}) {
    http::Response response;
    response.status = status;
    response.body = bytes;
    const aws::Failure failure = aws::failure_of(response);
    if (failure.message.size() > 500 || failure.message.empty()) abort();
    if (failure.message.find('\n') != std::string::npos) abort();
  }
  if (const auto xml = aws::Xml::parse(bytes)) walk(xml->root(), 5);
  (void)aws::parse_credentials(bytes, "the fuzzer");
  (void)discovery::parse_srv(data, size);
  (void)aws::parse_time(bytes);
  (void)aws::Skew::unix_seconds_of(bytes);
  if (const auto answer = segment::decode(bytes)) {
    // What was understood survives another way through.
    const std::string again = segment::encode(*answer);
    const auto back = segment::decode(again);
    if (!back || segment::encode(*back) != again) abort();
  }
  return 0;
}
