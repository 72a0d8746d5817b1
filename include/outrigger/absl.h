// A sink for Abseil's log (absl/log, Abseil LTS 20230125 or later): its entries arrive here with
// their level, file and line, at the call. Header-only.
//
//     absl::InitializeLog();
//     absl::SetStderrThreshold(absl::LogSeverityAtLeast::kInfinity);
//     const outrigger::AbslSink sink;  // from here to its end
//
// Abseil goes on to write to stderr what its threshold says; with this one only LOG(FATAL), which
// still ends the program, after its entry is stored. VLOG(n) is DEBUG, LOG(FATAL)'s stack trace
// stays Abseil's.
#pragma once

#include <absl/log/log_entry.h>
#include <absl/log/log_sink.h>
#include <absl/log/log_sink_registry.h>

#include "outrigger/log_foreign.h"

namespace outrigger {

class AbslSink final : private absl::LogSink {
 public:
  AbslSink() { absl::AddLogSink(this); }
  ~AbslSink() override { absl::RemoveLogSink(this); }
  AbslSink(const AbslSink&) = delete;
  AbslSink& operator=(const AbslSink&) = delete;

 private:
  // FATAL comes twice, the second time with a stack trace.
  void Send(const absl::LogEntry& entry) override {
    if (!entry.stacktrace().empty()) return;
    static constexpr log::Level kLevels[] = {log::Level::kInfo, log::Level::kWarn,
                                             log::Level::kError, log::Level::kFatal};
    const bool verbose = entry.verbosity() != absl::LogEntry::kNoVerbosityLevel;
    const absl::string_view file = entry.source_filename(), text = entry.text_message();
    log::foreign({.level = verbose ? log::Level::kDebug
                                   : kLevels[static_cast<int>(entry.log_severity()) & 3],
                  .file = {file.data(), file.size()},
                  .line = entry.source_line(),
                  .text = {text.data(), text.size()}});
  }
};

}  // namespace outrigger
