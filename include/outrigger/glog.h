// A sink for glog (0.4 or later): its entries arrive here with their level, file and line, at the
// call. Header-only.
//
//     google::InitGoogleLogging(argv[0]);
//     FLAGS_logtostderr = true;  // no files
//     FLAGS_stderrthreshold = google::FATAL;
//     const outrigger::GlogSink sink;  // from here to its end
//
// glog goes on to do what its flags say; with these it writes nothing besides. LOG(FATAL) still
// ends the program, after its entry is stored. VLOG(n) is INFO.
#pragma once

#include <glog/logging.h>

#include "outrigger/log_foreign.h"

namespace outrigger {

class GlogSink final : private google::LogSink {
 public:
  GlogSink() { google::AddLogSink(this); }
  ~GlogSink() override { google::RemoveLogSink(this); }
  GlogSink(const GlogSink&) = delete;
  GlogSink& operator=(const GlogSink&) = delete;

 private:
  using google::LogSink::send;
  void send(google::LogSeverity severity, const char* full_filename, const char*, int line,
            const google::LogMessageTime&, const char* message, size_t bytes) override {
    static constexpr log::Level kLevels[] = {log::Level::kInfo, log::Level::kWarn,
                                             log::Level::kError, log::Level::kFatal};
    log::foreign({.level = kLevels[severity & 3],
                  .file = full_filename,
                  .line = line,
                  .text = {message, bytes}});
  }
};

}  // namespace outrigger
