// Probes HTTP URLs: when asked, and at an interval.
//
//     prober probe https://example.org                   as a command
//     prober --target https://example.org --every 10s    as a service: a check and log entries for
//     each target curl ':8080/probe?url=https://example.org'         over HTTP, while it runs
#include <outrigger/outrigger.h>

#include "probe.h"

using namespace outrigger;

namespace {

constexpr std::size_t kTargetsMax = 50;

Result<void> acceptable(const std::vector<std::string>& targets, std::chrono::milliseconds every) {
  if (every < 100ms)
    return bad_input("--every", std::to_string(every.count()) + "ms", "100ms or more");
  if (targets.size() > kTargetsMax)
    return failed("at most " + std::to_string(kTargetsMax) + " targets can be probed");
  for (const std::string& target : targets) {
    if (!target.starts_with("http://") && !target.starts_with("https://")) {
      return bad_input("--target", target, "a URL that begins with http:// or https://");
    }
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  Service service{
      {.name = "prober", .about = "Probes HTTP URLs.", .log_group_output = "LogGroupName"}};
  auto targets =
      service.option<std::vector<std::string>>("target", {.help = "URL to probe at an interval"});
  auto every = service.option<std::chrono::milliseconds>(
      "every", {.otherwise = 10s, .help = "that interval"});
  auto allow_private = service.option<bool>(
      "allow-private",
      {.help = "also probe this machine and its link (loopback, own addresses, metadata service)"});
  const prober::Probe probe(allow_private);

  service.operation("probe", "Fetches URLs and tells their status and time.")
      .rest<std::string>("url", "what to fetch, http or https")
      .read_only()
      .does([=](const std::vector<std::string>& urls) { return probe.all(urls); });

  service.on_start([&, probe]() -> Result<void> {
    if (const Result<void> fine = acceptable(*targets, *every); !fine.ok()) return fine;
    for (const std::string& target : *targets) {
      // Not critical: that a target is down says nothing against the prober.
      service.check(target, {.every = *every, .timeout = 11s, .critical = false},
                    [=] { return probe.check(target); });
    }
    return {};
  });
  return run(argc, argv, service);
}
