// How a keeper begins and how it ends.
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include "base/clock.h"
#include "base/machine.h"
#include "base/refused_calls.h"
#include "base/text.h"
#include "discovery/log_place.h"
#include "keeper/cloudwatch.h"
#include "keeper/keeper.h"
#include "keeper/memory_limit.h"

namespace outrigger::keeper {

using segment::Word;

namespace {

// A service that has said nothing for so long may be stuck before main().
constexpr int64_t kDeclareNs = 2 * base::kNsPerSecond;
constexpr int64_t kAdminAgainNs = base::kNsPerSecond;
// The supervisor gives a keeper five seconds after the service's end.
constexpr int64_t kFlushNs = 9 * base::kNsPerSecond / 2;
// Both end within five seconds of the supervisor.
constexpr int64_t kOrphanKillNs = 4 * base::kNsPerSecond;
constexpr int64_t kOrphanEndNs = 24 * base::kNsPerSecond / 5;
// For pages that are open to hear how it ended. There is hardly any time left when the flush took all.
constexpr int64_t kGoodbyeNs = base::kNsPerSecond;
constexpr int64_t kGoodbyeLeastNs = 150 * base::kNsPerMs;
// A thread's end is waited for by the program's own.
constexpr int64_t kThreadFlushNs = 2 * base::kNsPerSecond;
constexpr uint32_t kInfo = 2;
constexpr uint32_t kWarn = 3;
constexpr uint32_t kError = 4;
constexpr uint32_t kFatal = 5;

bool ships(LogsTo logs) { return logs == LogsTo::kCloudWatch || logs == LogsTo::kBoth; }
bool is_text(LogsTo logs) { return logs == LogsTo::kStdoutText || logs == LogsTo::kStderrText; }

bool wants_colours(int fd) {
  const char* const no_colour = getenv("NO_COLOR");
  const char* const terminal = getenv("TERM");
  if (no_colour != nullptr && *no_colour != '\0') return false;
  return isatty(fd) == 1 && (terminal == nullptr || strcmp(terminal, "dumb") != 0);
}

}  // namespace

bool Keeper::begin_is_due(int64_t now_ns) const {
  if (declarations_.declared || ended_ns_ != 0 || now_ns - started_ns_ > kDeclareNs) return true;
  // What is logged before the declarations waits for them in the rings, while there is room.
  for (size_t i = 0; i < segment::kRings; ++i) {
    const segment::RingControl& ring = view_.ring(i);
    const uint64_t unread =
        ring.write.load(std::memory_order_relaxed) - ring.read.load(std::memory_order_relaxed);
    if (unread > segment::kRingBytes / 2) return true;
  }
  return false;
}

void Keeper::begin(int64_t now_ns) {
  look_at_declarations(now_ns);
  choose_format();
  begun_ = true;
  if (options_.place == Place::kProcess) base::refuse_calls(base::Gives::kUpExecAndWriting);
  if (ships(declarations_.logs)) start_shipping();
  if (declarations_.logs != LogsTo::kCloudWatch || shipper_ == nullptr) start_output();
  tell_restart();
}

void Keeper::start_output() {
  const int fd = declarations_.logs == LogsTo::kStderrText ? STDERR_FILENO : STDOUT_FILENO;
  output_ = std::make_unique<Output>(spool_, fd, declarations_.service);
  source_->set_output(output_.get());
}

void Keeper::start_shipping() {
  const bool also_printed = declarations_.logs == LogsTo::kBoth || output_ != nullptr;
  const ShippingMemory memory = shipping_memory_for(memory_limit_bytes());
  const auto consumed = spool_->consume(
      also_printed ? Spool::Consumers::kBoth : Spool::Consumers::kShipping, memory.spool_bytes);
  if (!consumed.ok()) {
    base::write_line(STDERR_FILENO, declarations_.service,
                     ": logs go to stdout: ", consumed.error().message);
    return;
  }
  Shipper::Options options;
  options.backlog_bytes_max = memory.backlog_bytes;
  options.is_printed_anyway = also_printed;
  const char* const coding = getenv("OUTRIGGER_LOGS_CODING");
  if (coding != nullptr && strcmp(coding, "plain") == 0) options.coding = Coding::kPlain;
  options.name = declarations_.service;
  shipper_ =
      std::make_unique<Shipper>(spool_,
                                cloudwatch({declarations_.service, declarations_.environment,
                                            base::host_name(), view_.header().real_ns_at_start},
                                           access_, settings_.get()),
                                std::move(options));
  source_->set_shipper(shipper_.get());
}

void Keeper::start_metrics() {
  if (!declarations_.declared || (!declarations_.posts_metrics && !options_.with_admin)) return;
  // The environment's name is a dimension of all metrics: a tag or a stack's output may give it.
  if (settings_ != nullptr && !settings_->looked() && ended_ns_ == 0) return;
  MetricPostOptions options;
  options.posts = declarations_.posts_metrics;
  options.random_phase = options.posts;
  options.name_space = declarations_.service;
  options.environment = declarations_.environment;
  options.at_most_once = declarations_.metrics_at_most_once;
  options.system = declarations_.system_metrics;
  options.subject = {{}, process_->pid(), getpid(), declarations_.mounts};
  options.own_figures = [this] { return source_->own_figures(); };
  poster_ = std::make_unique<MetricPoster>(view_, options_.card.segment, options_.card.spool,
                                           access_, std::move(options));
  source_->set_poster(poster_.get());
}

void Keeper::choose_format() {
  const int fd = declarations_.logs == LogsTo::kStderrText ? STDERR_FILENO : STDOUT_FILENO;
  // Without a word from the service: for people where a person looks, else for machines.
  const bool text = declarations_.declared ? is_text(declarations_.logs) : isatty(fd) == 1;
  drain_->set_format(!text               ? LineFormat::kJson
                     : wants_colours(fd) ? LineFormat::kColouredText
                                         : LineFormat::kText);
}

void Keeper::look_at_declarations(int64_t now_ns) {
  if (!declarations_.declared) {
    if (auto found = read_declarations(view_, declarations_)) {
      declarations_ = std::move(*found);
      source_->declare(declarations_);
      level_->set_declared(declarations_.level);
      profiles_->set_lines(declarations_.profile_lines);
      choose_format();
      access_ = std::make_shared<discovery::Access>();
      if (declarations_.discover) {
        settings_ = std::make_unique<Settings>(view_, access_, declarations_text(view_),
                                               declarations_.start_budget_ms, now_ns);
      }
      // It was late to say so: what came before is stdout's.
      if (begun_ && ships(declarations_.logs) && ended_ns_ == 0) start_shipping();
    }
  }
  if (settings_ != nullptr && settings_->look(now_ns)) {
    locators_ = Locators::of(view_, access_, declarations_text(view_), settings_->answer());
    const std::string& environment = settings_->answer().environment;
    if (!environment.empty()) declarations_.environment = environment;
    source_->set_answer(settings_->answer(), settings_->found_real_ns(), locators_.get());
    const std::string instance = base::host_name();
    if (const std::string* bucket = settings_->answer().place_of("profiles_bucket"))
      heap_report_->store_in(std::make_unique<ProfileStore>(
          access_, *bucket,
          discovery::profiles_folder({.service = declarations_.service, .instance = instance},
                                     settings_->answer())));
  }
  const bool overdue = now_ns - started_ns_ > kDeclareNs;
  if (options_.place == Place::kProcess && caught_up_ && (declarations_.declared || overdue))
    try_admin(now_ns);
}

Result<void> Keeper::open_admin() {
  look_at_declarations(base::monotonic_ns());
  Result<void> opened = admin_->open(declarations_, access_);
  if (opened.ok()) announce();
  return opened;
}

void Keeper::try_admin(int64_t now_ns) {
  if (!options_.with_admin || ended_ns_ != 0 ||
      (admin_try_ns_ != 0 && now_ns - admin_try_ns_ < kAdminAgainNs))
    return;
  const Result<void> opened = admin_->open(declarations_, access_);
  if (opened.ok()) {
    admin_try_ns_ = 0;
    if (declarations_.declared) announce();
    return;
  }
  admin_try_ns_ = now_ns;
  // Assumed addresses are tried, not insisted on; and a successor goes on trying, since the service
  // runs.
  const bool first = spool_->memory().announced.load(std::memory_order_relaxed) == 0;
  if (!declarations_.declared || !first) return;
  base::write_line(STDERR_FILENO, declarations_.service, ": ", opened.error().message);
  channel_.say(Word::kStartFailed, EXIT_FAILURE);
  options_.with_admin = false;
}

void Keeper::announce() {
  if (spool_->memory().announced.exchange(1, std::memory_order_relaxed) != 0) return;
  const std::string address = admin_->address();
  if (!address.empty())
    base::write_line(STDERR_FILENO, declarations_.service, ": admin on http://", address);
}

void Keeper::tell_restart() {
  if (spool_->found() != Spool::Found::kPredecessor || !drain_->has_room()) return;
  const segment::Supervision& told = view_.supervision();
  drain_->made().begin(
      kWarn, "keeper started again; the one before: {ended}; restarts so far: {restarts}", {});
  drain_->made().add(describe_end(told.keeper_last_code.load(std::memory_order_relaxed),
                                  told.keeper_last_status.load(std::memory_order_relaxed)));
  drain_->made().add(uint64_t{told.keeper_restarts.load(std::memory_order_relaxed)});
  drain_->put(OwnSource::kKeeper, base::real_ns());
  drain_->commit();
}

// Of the keeper before this one.
void Keeper::tell_own_crash() {
  if (own_crash_ == nullptr || !own_crash_->is_ready() || !drain_->has_room()) return;
  own_crash_->make_entry(drain_->made(), kError);
  put_own();
  own_crash_.reset();
}

// A client is told by it whom it speaks to.
void Keeper::tell_certificate() {
  AdminCertificate::News news;
  if (admin_ == nullptr || !drain_->has_room() || !admin_->take_news(news)) return;
  if (news.is_good) {
    drain_->made().begin(kInfo, "the admin port's certificate has the SHA-256 {fingerprint}", {});
    drain_->made().add(news.fingerprint);
  } else {
    drain_->made().begin(kWarn, "the admin port has no certificate, so no TLS: {reason}", {});
    drain_->made().add(news.why);
  }
  put_own();
}

// --- The end -----------------------------------------------------------------------------------

void Keeper::on_service_ended(std::string how, uint32_t level, int64_t now_ns, int signal) {
  if (ended_ns_ != 0) return;
  ended_ns_ = now_ns;
  events_.watch(Event::kStop, -1);
  events_.watch(Event::kService, -1);
  ended_how_ = std::move(how);
  ended_level_ = level;
  ended_signal_ = signal;
  out_of_memory_ =
      signal == SIGKILL &&
      1 + memory_group_.oom_kills() > spool_->memory().oom_kills.load(std::memory_order_relaxed);
  if (out_of_memory_) heap_report_->begin();
  captured_out_.end();
  captured_err_.end();
  if (finish_by_ns_ == 0)
    finish_by_ns_ = now_ns + (options_.place == Place::kProcess ? kFlushNs : kThreadFlushNs);
  if (options_.place == Place::kProcess) source_->set_ended(ended_how_);
}

void Keeper::on_orphaned(int64_t now_ns) {
  if (orphaned_ns_ != 0) return;
  orphaned_ns_ = now_ns;
  events_.watch(Event::kChannel, -1);
  if (ended_ns_ == 0) events_.watch(Event::kService, process_->pidfd());
  finish_by_ns_ = now_ns + kOrphanEndNs;
}

void Keeper::look_at_orphan(int64_t now_ns) {
  if (ended_ns_ != 0) return;
  if (now_ns - orphaned_ns_ > kOrphanKillNs) process_->kill();
  // Without a descriptor of the service there is no more to be known.
  if (process_->pidfd() < 0 && now_ns - orphaned_ns_ > kOrphanKillNs)
    on_service_ended("its supervisor is gone", kFatal, now_ns);
}

// All that there was has been taken. What is left is to say so, and that stdout takes it.
bool Keeper::is_finished(int64_t now_ns) {
  const bool late = now_ns > finish_by_ns_;
  if (!final_put_ && !late && waits_for_report(now_ns)) return false;
  if (!final_put_ && drain_->has_room()) {
    drain_->tell_drops();
    if (shipper_ != nullptr) drain_->tell_ledger(*spool_->ship_memory());
    if (!ended_how_.empty() && spool_->state().end_told == 0) tell_end();
    recent_->publish();
    final_put_ = true;
    if (poster_ == nullptr && declarations_.posts_metrics) start_metrics();
    if (ended_signal_ != 0) count_crash();
    if (poster_ != nullptr) poster_->finish(now_ns + (finish_by_ns_ - now_ns) / 3 * 2);
    // The last third is for printing what CloudWatch did not take.
    if (shipper_ != nullptr) shipper_->finish(now_ns + (finish_by_ns_ - now_ns) / 3 * 2);
  }
  const bool posted =
      poster_ == nullptr || !declarations_.posts_metrics || poster_->finished() || late;
  const bool shipped = (shipper_ == nullptr || shipper_->finished()) && posted;
  if (final_put_ && spool_->is_drained() && shipped) return true;
  if (!late) return false;
  if (spool_->is_drained() && shipped) return true;
  if (!shipped && shipper_ != nullptr) {
    base::write_line(STDERR_FILENO, declarations_.service,
                     ": neither CloudWatch Logs nor stdout took the last ",
                     shipper_->report().pending, " log entries");
    return true;
  }
  base::write_line(STDERR_FILENO, declarations_.service, ": stdout did not take the last ",
                   spool_->pending(), " log entries");
  return true;
}

void Keeper::say_goodbye() {
  const int64_t left_ns = finish_by_ns_ - base::monotonic_ns();
  admin_->end(std::chrono::nanoseconds(std::clamp(left_ns, kGoodbyeLeastNs, kGoodbyeNs)));
}

}  // namespace outrigger::keeper
