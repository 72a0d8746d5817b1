// Starts crew_program and watches it from outside: its report, its output, its status.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace outrigger::test {

struct ReportLine {
  std::string part;
  pid_t pid = -1;
  std::string what;  // all after the pid
};

// Whether the numbers in the report are those of the test's own pid namespace.
enum class Pids { kOurs, kForeign };

struct CrewOptions {
  std::vector<std::string> words = {"run", "wait"};
  std::vector<std::string> variables = {};  // "NAME=value"; "LISTEN_PID=own" names the new process
  std::function<void()> before_exec = [] {};  // in the new process; system calls only
  std::string program = CREW_PROGRAM;
  Pids pids = Pids::kOurs;
};

inline constexpr int kPatienceMs = 15'000;

class Crew {
 public:
  explicit Crew(CrewOptions options = {});
  ~Crew();  // whatever still lives is killed
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  pid_t pid() const { return pid_; }
  std::vector<ReportLine> report() const;
  // Lines of `part` whose text begins with `what`.
  std::vector<ReportLine> lines(std::string_view part, std::string_view what) const;
  size_t count(std::string_view part, std::string_view what) const {
    return lines(part, what).size();
  }
  // Waits until there are so many of them. Returns false when that does not happen in time.
  bool await(std::string_view part, std::string_view what, size_t count = 1,
             int patience_ms = kPatienceMs) const;
  // The newest process of that part that was born; -1 if none was.
  pid_t newest(std::string_view part) const;
  // Both children are ready for signals and words.
  bool await_crew() const;

  // waitpid's status of the supervisor; -1 when it does not end in time.
  int await_end(int patience_ms = kPatienceMs);
  // The exit code; -1 when a signal ended it or it did not end.
  int await_exit_code();
  std::string out() const;
  std::string err() const;

 private:
  std::string report_path_;
  base::Fd report_;
  base::Fd out_;
  base::Fd err_;
  std::string program_;
  Pids pids_;
  pid_t pid_ = -1;
  int status_ = -1;
};

// Polls every few milliseconds.
bool await(const std::function<bool()>& condition, int patience_ms = kPatienceMs);
// It is there and no zombie.
bool lives(pid_t pid);

}  // namespace outrigger::test
