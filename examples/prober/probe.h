// One probe: fetches a URL, times it, logs and counts it.
#pragma once

#include <outrigger/outrigger.h>

#include <string>
#include <vector>

namespace prober {

struct Answer {
  std::string url;
  int status = 0;
  double ms = 0;
  std::size_t bytes = 0;
  std::string address;
};

class Probe {
 public:
  explicit Probe(outrigger::Option<bool> allow_private)
      : allow_private_(std::move(allow_private)) {}

  // Any thread. Errors: the URL is none, it leads too close, nobody answers.
  outrigger::Result<Answer> operator()(const std::string& url) const;

  // {"probes": [...]}, in the order asked; an error only when none of them answered.
  outrigger::Result<outrigger::Json> all(const std::vector<std::string>& urls) const;

  // The same as a check's result: an answer below 400 passes.
  outrigger::CheckResult check(const std::string& url) const;

 private:
  outrigger::Option<bool> allow_private_;
  outrigger::metrics::Counter probes_ =
      outrigger::metrics::counter("Probes", {.help = "URLs probed"});
  outrigger::metrics::Counter failures_ =
      outrigger::metrics::counter("ProbeFailures", {.help = "Probes that got no answer"});
  outrigger::metrics::Timer time_ =
      outrigger::metrics::timer("ProbeTime", {.help = "From a probe's begin to its answer",
                                              .unit = outrigger::metrics::Unit::kMilliseconds});
};

}  // namespace prober
