// Where the admin pages get their values from. The keeper implements it; the tests have one of
// their own.
//
// All calls come from the admin server's one thread and must not block: a page is promised in
// milliseconds.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/report.h"
#include "outrigger/result.h"

namespace outrigger::admin {

class Profiles;

class Source {
 public:
  virtual ~Source() = default;

  // True where no sign of a machine in service was found: whoever reaches the port may then see
  // everything.
  virtual bool local() = 0;
  // SERVICE/ENVIRONMENT/INSTANCE: whom a caller's proof must be meant for. Any thread.
  virtual std::string audience() { return {}; }
  virtual HealthReport health() = 0;
  virtual Liveness liveness() = 0;
  virtual VersionReport version() = 0;
  virtual std::vector<Metric> metrics() = 0;
  virtual ConfigReport config() = 0;

  // `module` is empty for the service's own level. kNotFound when no such module is known.
  virtual Result<LevelReport> level(std::string_view module) = 0;
  // With `lasting` the level from before returns after that time.
  virtual Result<LevelReport> set_level(std::string_view module, Level level,
                                        std::optional<std::chrono::seconds> lasting) = 0;

  // nullptr where nothing can be profiled. Lasts as long as this.
  virtual Profiles* profiles() { return nullptr; }
};

}  // namespace outrigger::admin
