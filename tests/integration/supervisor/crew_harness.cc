#include "crew_harness.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
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
    : report_(memfd_create("report", MFD_CLOEXEC)),
      out_(memfd_create("out", MFD_CLOEXEC)),
      err_(memfd_create("err", MFD_CLOEXEC)) {
  std::vector<std::string> words = {options.program};
  words.insert(words.end(), options.words.begin(), options.words.end());
  std::vector<std::string> variables = {
      "CREW_REPORT=/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(report_.get())};
  variables.insert(variables.end(), options.variables.begin(), options.variables.end());
  std::vector<char*> argv = pointers(words);
  std::vector<char*> environment = pointers(variables);
  pid_ = fork();
  if (pid_ != 0) return;
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
  // The children end by themselves when the supervisor is gone; those that a test made unable to do so are helped.
  for (const ReportLine& line : report()) {
    if (line.pid != pid_ && line.pid > 0 && !await([&] { return !lives(line.pid); }, 500)) kill(line.pid, SIGKILL);
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

bool Crew::await(std::string_view part, std::string_view what, size_t count, int patience_ms) const {
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
  if (test::await([&] { return waitpid(pid_, &status, WNOHANG) == pid_; }, patience_ms)) status_ = status;
  return status_;
}

int Crew::await_exit_code() {
  const int status = await_end();
  return status != -1 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string Crew::out() const { return content(out_); }
std::string Crew::err() const { return content(err_); }

}  // namespace outrigger::test
