#include "delivery/report.h"

#include <unistd.h>

#include "base/text.h"
#include "outrigger/json.h"

namespace outrigger::delivery {
namespace {

void line(int fd, const std::string& text) { base::write_all(fd, text + "\n"); }

std::string indented(std::string_view log) {
  std::string text;
  while (!log.empty()) {
    const std::string_view one = log.substr(0, log.find('\n'));
    log.remove_prefix(std::min(one.size() + 1, log.size()));
    text.append("\n    ").append(one);
  }
  return text;
}

}  // namespace

void Report::step(std::string_view state, std::string_view what) const {
  if (progress_ == Progress::kJson) {
    line(STDOUT_FILENO, Json{{"step", what}, {"state", state}}.dump());
  } else {
    line(STDOUT_FILENO, std::string(state) + ": " + std::string(what));
  }
}

int Report::done(std::string_view state, std::string_view sentence) const {
  if (progress_ == Progress::kJson) {
    line(STDOUT_FILENO, Json{{"result", state}, {"message", sentence}}.dump());
  } else {
    line(STDOUT_FILENO, service_ + ": " + std::string(sentence));
  }
  return 0;
}

int Report::failed(std::string_view sentence, std::string_view log) const {
  if (progress_ == Progress::kJson) {
    Json last{{"result", "failed"}, {"message", sentence}};
    if (!log.empty()) last["log"] = log;
    line(STDOUT_FILENO, last.dump());
  } else {
    std::string text = service_ + ": " + std::string(sentence);
    if (!log.empty()) text += "\n  its last log lines:" + indented(log);
    line(STDERR_FILENO, text);
  }
  return 1;
}

}  // namespace outrigger::delivery
