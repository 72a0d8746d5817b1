#include "crew_harness.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <utility>

#include "base/clock.h"

namespace outrigger::test {
namespace {

std::string content(const base::Fd& file) {
  std::string text;
  char bytes[4096];
  ssize_t size = 0;
  while ((size = pread(file.get(), bytes, sizeof bytes, static_cast<off_t>(text.size()))) > 0) {
    text.append(bytes, static_cast<size_t>(size));
  }
  return text;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// A number in an old report may belong to somebody else's process by now.
bool runs(pid_t pid, const std::string& program) {
  char target[512] = {};
  const std::string link = "/proc/" + std::to_string(pid) + "/exe";
  return readlink(link.c_str(), target, sizeof target - 1) > 0 && program == target;
}

// What an init system knows only once the process is there.
void fill_in_own_pid(std::vector<std::string>& variables) {
  for (std::string& variable : variables) {
    if (variable == "LISTEN_PID=own") variable = "LISTEN_PID=" + std::to_string(getpid());
  }
}

}  // namespace

bool await(const std::function<bool()>& condition, int patience_ms) {
  const int64_t until_ns = base::monotonic_ns() + int64_t{patience_ms} * base::kNsPerMs;
  while (!condition()) {
    if (base::monotonic_ns() > until_ns) return false;
    usleep(2000);
  }
  return true;
}

bool lives(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string stat;
  std::getline(file, stat);
  const size_t name_end = stat.rfind(')');
  return name_end != std::string::npos && stat.size() > name_end + 2 && stat[name_end + 2] != 'Z';
}

Crew::Crew(CrewOptions options)
    : out_(memfd_create("out", MFD_CLOEXEC)),
      err_(memfd_create("err", MFD_CLOEXEC)),
      program_(options.program),
      pids_(options.pids) {
  // A real file: it can be opened by other users, and where another /proc is mounted.
  report_path_ = testing::TempDir() + "crew-report-XXXXXX";
  report_.reset(mkostemp(report_path_.data(), O_CLOEXEC));
  fchmod(report_.get(), 0666);
  // Several processes write, and a memfd has no lock on its position.
  for (const base::Fd* output : {&out_, &err_}) fcntl(output->get(), F_SETFL, O_APPEND);
  std::vector<std::string> words = {options.program};
  words.insert(words.end(), options.words.begin(), options.words.end());
  // The report is a file.
  std::vector<std::string> variables = {"CREW_REPORT=" + report_path_, "OUTRIGGER_CONFINE=off"};
  variables.insert(variables.end(), options.variables.begin(), options.variables.end());
  pid_ = fork();
  if (pid_ != 0) return;
  fill_in_own_pid(variables);
  std::vector<char*> argv = pointers(words);
  std::vector<char*> environment = pointers(variables);
  dup2(out_.get(), STDOUT_FILENO);
  dup2(err_.get(), STDERR_FILENO);
  options.before_exec();
  execve(options.program.c_str(), argv.data(), environment.data());
  _exit(125);
}

Crew::~Crew() {
  if (status_ == -1 && pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  unlink(report_path_.c_str());
  if (pids_ == Pids::kForeign) return;  // the namespace ended with its first process
  // The children end by themselves when the supervisor is gone; those that a test made unable to do
  // so are helped.
  for (const ReportLine& line : report()) {
    const auto is_ours = [&] {
      return line.pid != pid_ && lives(line.pid) && runs(line.pid, program_);
    };
    if (!test::await([&] { return !is_ours(); }, 500)) kill(line.pid, SIGKILL);
  }
}

std::vector<ReportLine> Crew::report() const {
  std::vector<ReportLine> result;
  std::istringstream text(content(report_));
  std::string line;
  while (std::getline(text, line)) {
    std::istringstream fields(line);
    ReportLine parsed;
    fields >> parsed.part >> parsed.pid;
    std::getline(fields >> std::ws, parsed.what);
    result.push_back(std::move(parsed));
  }
  return result;
}

std::vector<ReportLine> Crew::lines(std::string_view part, std::string_view what) const {
  std::vector<ReportLine> result;
  for (ReportLine& line : report()) {
    if (line.part == part && line.what.starts_with(what)) result.push_back(std::move(line));
  }
  return result;
}

bool Crew::await(std::string_view part, std::string_view what, size_t count,
                 int patience_ms) const {
  return test::await([&] { return this->count(part, what) >= count; }, patience_ms);
}

pid_t Crew::newest(std::string_view part) const {
  const std::vector<ReportLine> births = lines(part, "born");
  return births.empty() ? -1 : births.back().pid;
}

bool Crew::await_crew() const { return await("service", "listening") && await("keeper", "born"); }

int Crew::await_end(int patience_ms) {
  if (status_ != -1) return status_;
  int status = -1;
  if (test::await([&] { return waitpid(pid_, &status, WNOHANG) == pid_; }, patience_ms))
    status_ = status;
  return status_;
}

int Crew::await_exit_code() {
  const int status = await_end();
  return status != -1 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string Crew::out() const { return content(out_); }
std::string Crew::err() const { return content(err_); }

}  // namespace outrigger::test
