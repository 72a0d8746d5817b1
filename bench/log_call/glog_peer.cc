// glog 0.6 with a sink that does nothing and no files.
#include <glog/logging.h>

#include "harness.h"

namespace outrigger::bench {
namespace {

class NullSink : public google::LogSink {
 public:
  void send(google::LogSeverity, const char*, const char*, int, const google::LogMessageTime&,
            const char*, size_t) override {}
};

struct Glog {
  static std::string name() { return "glog_null"; }
  static NullSink& sink() {
    static NullSink instance;
    return instance;
  }
  static void prepare() {
    static const bool ready = [] {
      google::InitGoogleLogging("bench");
      FLAGS_stderrthreshold = 4;
      return true;
    }();
    (void)ready;
  }
  static void call(uint64_t id, const std::string& name, double price) {
    LOG_TO_SINK_BUT_NOT_TO_LOGFILE(&sink(), INFO)
        << "order " << id << " placed by " << name << " for " << price;
  }
};

[[maybe_unused]] const int registered = register_peer<Glog>();

}  // namespace
}  // namespace outrigger::bench
