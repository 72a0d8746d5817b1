// A sink for spdlog (1.5 or later): its entries arrive here with their level, and with the file and
// line of the call when it is made by spdlog's macros (SPDLOG_INFO(...); plain spdlog::info() does
// not know where it stands). Header-only.
//
//     spdlog::set_default_logger(outrigger::spdlog_logger("app"));      // all of spdlog's calls
//     logger->sinks().push_back(std::make_shared<outrigger::SpdlogSink>());  // or one logger more
//
// The logger's name is the entry's module, so its level can be set at run time. An entry is stored
// when spdlog hands it over: at the call, unless the logger is an asynchronous one.
#pragma once

#include <spdlog/common.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>

#include <memory>
#include <string>
#include <utility>

#include "outrigger/log_foreign.h"

namespace outrigger {

// Needs no lock: what it calls takes none.
class SpdlogSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const log::Module module =
        log::module({message.logger_name.data(), message.logger_name.size()});
    log::foreign({.level = level_of(message.level),
                  .file = message.source.filename != nullptr ? message.source.filename : "",
                  .line = message.source.line,
                  .text = {message.payload.data(), message.payload.size()},
                  .module = message.logger_name.size() != 0 ? &module : nullptr});
  }
  void flush_() override {}

 private:
  static log::Level level_of(spdlog::level::level_enum level) {
    switch (level) {
      case spdlog::level::trace: return log::Level::kTrace;
      case spdlog::level::debug: return log::Level::kDebug;
      case spdlog::level::info: return log::Level::kInfo;
      case spdlog::level::warn: return log::Level::kWarn;
      case spdlog::level::err: return log::Level::kError;
      default: return log::Level::kFatal;
    }
  }
};

// A logger that writes here alone and leaves levels to Outrigger.
inline std::shared_ptr<spdlog::logger> spdlog_logger(std::string name) {
  auto logger = std::make_shared<spdlog::logger>(std::move(name), std::make_shared<SpdlogSink>());
  logger->set_level(spdlog::level::trace);
  return logger;
}

}  // namespace outrigger
