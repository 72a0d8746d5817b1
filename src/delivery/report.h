// What a delivery command tells while it works: a line for each thing done, for people, or as one
// JSON object a line for scripts. The reason of a failure is the last one.
#pragma once

#include <string>
#include <string_view>

#include "delivery/wanted.h"

namespace outrigger::delivery {

class Report {
 public:
  using Progress = InitWanted::Progress;
  Report(std::string_view service, Progress progress) : service_(service), progress_(progress) {}

  // "+ /opt/prober/1.1.ab41cd0: installed". `state`: "done", "unchanged", "planned", "undone".
  void step(std::string_view state, std::string_view what) const;
  // The last line. Gives the exit status.
  int done(std::string_view state, std::string_view sentence) const;
  // On stderr, or as JSON on stdout; with the log's last lines where there are any.
  int failed(std::string_view sentence, std::string_view log = {}) const;

 private:
  const std::string service_;
  const Progress progress_;
};

}  // namespace outrigger::delivery
