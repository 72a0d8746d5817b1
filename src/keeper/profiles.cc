#include "keeper/profiles.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <utility>

#include "base/clock.h"
#include "base/fd.h"

namespace outrigger::keeper {
namespace {

constexpr int64_t kLinesEveryNs = 5 * base::kNsPerSecond;
constexpr size_t kCommandLineMax = 64u << 10;

class Pending final : public admin::PendingProfile {
 public:
  explicit Pending(std::shared_ptr<pprof::Job> job) : job_(std::move(job)) {}
  ~Pending() override { job_->cancel(); }
  std::optional<Result<std::string>> take() override { return job_->take(); }

 private:
  const std::shared_ptr<pprof::Job> job_;
};

pprof::Kind kind_of(admin::ProfileKind kind) {
  switch (kind) {
    case admin::ProfileKind::kWall: return pprof::Kind::kWall;
    case admin::ProfileKind::kRecord: return pprof::Kind::kRecord;
    case admin::ProfileKind::kThreads: return pprof::Kind::kThreads;
    case admin::ProfileKind::kHeap: return pprof::Kind::kHeap;
    case admin::ProfileKind::kAllocs: return pprof::Kind::kAllocs;
    case admin::ProfileKind::kMutex: return pprof::Kind::kMutex;
    case admin::ProfileKind::kBlock: return pprof::Kind::kBlock;
    case admin::ProfileKind::kSymbols: return pprof::Kind::kSymbols;
    case admin::ProfileKind::kCpu: break;
  }
  return pprof::Kind::kCpu;
}

}  // namespace

Profiles::Begun Profiles::begin(const admin::ProfileAsk& ask) {
  pprof::Ask asked;
  asked.kind = kind_of(ask.kind);
  asked.form = ask.form == admin::ProfileForm::kText ? pprof::Form::kText : pprof::Form::kProto;
  asked.seconds = ask.seconds;
  asked.hz = ask.hz;
  asked.addresses = ask.addresses;
  pprof::Profiler::Begun begun = profiler_.begin(asked);
  if (begun.job == nullptr) return {nullptr, std::move(begun.under_way)};
  return {std::make_unique<Pending>(std::move(begun.job)), {}};
}

std::shared_ptr<pprof::Job> Profiles::begin_heap(pprof::Form form) {
  pprof::Ask ask;
  ask.kind = pprof::Kind::kHeap;
  ask.form = form;
  ask.seconds = 0;
  ask.by_itself = true;
  return profiler_.begin(ask).job;
}

uint64_t Profiles::count(admin::ProfileKind kind) { return profiler_.count(kind_of(kind)); }

void Profiles::look_at_lines(int64_t now_ns) {
  if (!kept_.has_lines() || now_ns - lines_ns_ < kLinesEveryNs) return;
  lines_ns_ = now_ns;
  kept_.look(load_of(service_pid_, now_ns));
}

std::string Profiles::command_line() {
  char path[64];
  snprintf(path, sizeof(path), "/proc/%d/cmdline", service_pid_);
  const base::Fd file(open(path, O_RDONLY | O_CLOEXEC));
  std::string text(kCommandLineMax, '\0');
  size_t size = 0;
  while (file && size < text.size()) {
    const ssize_t count = read(file.get(), text.data() + size, text.size() - size);
    if (count <= 0) break;
    size += static_cast<size_t>(count);
  }
  text.resize(size);
  while (!text.empty() && text.back() == '\0') text.pop_back();
  return text;
}

}  // namespace outrigger::keeper
