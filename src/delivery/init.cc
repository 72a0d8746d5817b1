#include "delivery/init.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <optional>

#include "base/text.h"
#include "delivery/files.h"
#include "delivery/init_system.h"
#include "delivery/ready.h"
#include "delivery/releases.h"
#include "delivery/report.h"
#include "delivery/told.h"

namespace outrigger::delivery {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kSelf = "/proc/self/exe";
constexpr int kPollMs = 50;
// Of the version that is started again: it was up before.
constexpr std::chrono::milliseconds kBackUp{60'000};

struct Step {
  std::string what;
  std::function<Result<void>()> act;
  std::function<void()> undo;  // may be empty
};

Result<std::unique_ptr<InitSystem>> choose(const InitWanted& wanted) {
  std::string known;
  auto all = all_init_systems();
  for (auto& each : all) {
    known += (known.empty() ? "" : " or ") + std::string(each->name());
    const bool fits = !wanted.init_system.empty() ? each->name() == wanted.init_system
                      : !wanted.root.empty()      ? each->is_installed(wanted.root)
                                                  : each->runs_here();
    if (fits) return std::move(each);
  }
  // A definition can be looked at anywhere.
  if (wanted.what == InitWanted::What::kPrint && wanted.init_system.empty())
    return std::move(all.front());
  if (!wanted.init_system.empty()) return bad_input("--init-system", wanted.init_system, known);
  return failed((wanted.root.empty() ? "no init system that -init knows runs this machine"
                                     : "below " + wanted.root +
                                           " is no init system that -init "
                                           "knows") +
                std::string(": expected ") + known);
}

class Installation {
 public:
  Installation(const Facts& facts, const InitWanted& wanted, const InitSystem& system)
      : facts_(facts),
        wanted_(wanted),
        system_(system),
        report_(facts.name, wanted.progress),
        releases_(facts, wanted.root, wanted.prefix),
        render_{facts, wanted, releases_.program_seen(),
                wanted.root.empty() ? system.version() : 0},
        definitions_(system.definitions(render_)) {}

  int print() const {
    std::string text;
    for (const Definition& each : definitions_)
      text += (text.empty() ? "# " : "\n# ") + each.path + "\n" + each.text;
    base::write_all(STDOUT_FILENO, text);
    return 0;
  }

  int install() {
    const bool dry = wanted_.what == InitWanted::What::kDryRun;
    if (!dry) {
      if (auto made = make_directories(releases_.base()); !made)
        return report_.failed(made.error().message);
      const auto lock = lock_directory(releases_.base());
      if (!lock) return report_.failed(lock.error().message);
      releases_.clean();
    }
    release_ = releases_.name_for(facts_.version, std::string(kSelf));
    unfinished_ = releases_.unfinished();
    before_ = unfinished_ ? *unfinished_ : releases_.current();
    if (!is_there(releases_.program(before_))) before_.clear();
    if (const std::string changed = changed_by_others(); !changed.empty() && !wanted_.force) {
      if (!dry) (void)remove_if_empty();
      return report_.failed(changed +
                            " was changed by somebody else: a drop-in (systemctl edit) would be "
                            "kept, and --force overwrites it");
    }
    plan();
    if (steps_.empty()) return report_.done("unchanged", facts_.version + " is installed and runs");
    if (dry) {
      for (const Step& step : steps_) tell("planned", step);
      return report_.done("planned", "nothing was touched");
    }
    return carry_out();
  }

  int uninstall() {
    if (const std::string changed = changed_by_others(); !changed.empty() && !wanted_.force) {
      return report_.failed(changed + " was changed by somebody else: --force removes it");
    }
    const bool base_there = is_there(releases_.base());
    if (base_there) {
      const auto lock = lock_directory(releases_.base());
      if (!lock) return report_.failed(lock.error().message);
    }
    bool was_there = base_there;
    for (const Definition& each : definitions_) was_there = was_there || is_there(at(each.path));
    if (!was_there) return report_.done("unchanged", "is not installed");
    if (is_live()) system_.stop(facts_);
    Result<void> done;
    const auto removed = [&](const std::string& path) {
      if (!done || !is_there(path)) return;
      done = remove_all(path);
      if (done) report_.step("removed", path);
    };
    for (const Link& each : system_.links(render_)) removed(at(each.path));
    for (const Definition& each : definitions_) removed(at(each.path));
    removed(releases_.base());
    if (done && is_live()) done = system_.reload();
    if (!done) return report_.failed(done.error().message);
    return report_.done("removed", "is no longer installed");
  }

 private:
  bool is_live() const { return wanted_.root.empty(); }
  std::string at(const std::string& path) const { return wanted_.root + path; }
  std::string program() const { return releases_.program(release_); }

  bool is_as_wanted(const std::string& path, const std::string& text) const {
    const auto there = read_text(path);
    return there && *there == text;
  }

  // A definition that neither this version nor one that is still there wrote.
  std::string changed_by_others() const {
    for (const Definition& each : definitions_) {
      const auto there = read_text(at(each.path));
      if (!there || !*there || **there == each.text) continue;
      const auto all = releases_.all();
      const bool ours = std::any_of(all.begin(), all.end(), [&](const std::string& release) {
        return is_as_wanted(releases_.definition(release, each), **there);
      });
      if (!ours) return at(each.path);
    }
    return {};
  }

  // --- What is to be done ------------------------------------------------------------------------
  void plan() {
    const bool has_release = releases_.holds(release_, std::string(kSelf));
    const bool links_there = [&] {
      const auto links = system_.links(render_);
      return std::all_of(links.begin(), links.end(),
                         [&](const Link& each) { return link_of(at(each.path)) == each.target; });
    }();
    const bool definitions_there =
        std::all_of(definitions_.begin(), definitions_.end(), [&](const Definition& each) {
          return is_as_wanted(at(each.path), each.text) &&
                 is_as_wanted(releases_.definition(release_, each), each.text);
        });
    const bool is_current = releases_.current() == release_;
    const bool runs = !is_live() || answers_ready(facts_.name, system_.main_pid(facts_), program());
    if (has_release && links_there && definitions_there && is_current && runs && !unfinished_)
      return;

    steps_.push_back({"", [this] { return releases_.begin(before_); }, {}});
    if (!has_release) {
      steps_.push_back(
          {program() + ": copied",
           [this] { return releases_.install(release_, std::string(kSelf), definitions_); },
           [this] {
             if (release_ != before_) (void)releases_.remove(release_);
           }});
    }
    for (const internal::InitStep& step : facts_.steps) plan_step_of_service(step);
    if (!is_current) {
      steps_.push_back({releases_.base() + "/current: leads to " + release_ +
                            (before_.empty() ? "" : ", before to " + before_),
                        [this] { return releases_.switch_to(release_); },
                        [this] { (void)releases_.switch_to(before_); }});
    }
    if (is_live()) {
      steps_.push_back(
          {std::string(system_.name()) + ": definition verified", [this] { return verify(); }, {}});
    }
    for (const Definition& each : definitions_) plan_definition(each, has_release);
    for (const Link& each : system_.links(render_)) plan_link(each);
    if (is_live()) plan_start();
    steps_.push_back({"", [this] { return finish(); }, {}});
  }

  void plan_step_of_service(const internal::InitStep& step) {
    const InitPlace place{wanted_.root, facts_.name};
    steps_.push_back({"on_init: " + step.name,
                      [&step, place]() -> Result<void> {
                        try {
                          auto done = step.act(place);
                          if (done) return done;
                          return failed(step.name + ": " + done.error().message);
                        } catch (const std::exception& thrown) {
                          return failed(step.name + ": " + thrown.what());
                        }
                      },
                      [&step, place] {
                        if (step.undo) step.undo(place);
                      }});
  }

  // A release that is yet to be installed brings its own copy.
  void plan_definition(const Definition& each, bool has_release) {
    const std::string path = at(each.path);
    const std::string kept = releases_.definition(release_, each);
    const bool is_there = is_as_wanted(path, each.text);
    if (is_there && (!has_release || is_as_wanted(kept, each.text))) return;
    const auto old_text = read_text(path);
    const auto old_kept = read_text(kept);
    if (!is_there) changed_.push_back(each.path);
    steps_.push_back({path + ": written",
                      [=]() -> Result<void> {
                        if (auto done = write_text(kept, each.text); !done) return done;
                        return write_text(path, each.text);
                      },
                      [this, path, kept, old_text, old_kept] {
                        put_back(path, old_text ? *old_text : std::nullopt);
                        if (release_ == before_)
                          put_back(kept, old_kept ? *old_kept : std::nullopt);
                      }});
  }
  static void put_back(const std::string& path, const std::optional<std::string>& text) {
    if (text) {
      (void)write_text(path, *text);
    } else {
      (void)remove_all(path);
    }
  }

  void plan_link(const Link& each) {
    const std::string path = at(each.path);
    if (link_of(path) == each.target) return;
    steps_.push_back({path + ": starts it at boot", [=] { return switch_link(path, each.target); },
                      [this, path] {
                        if (before_.empty()) (void)remove_all(path);
                      }});
  }

  void plan_start() {
    steps_.push_back({std::string(system_.name()) + ": definitions read anew",
                      [this] { return system_.reload(); },
                      {}});
    steps_.push_back(
        {facts_.name + ": " + facts_.version + " started and ready",
         [this] { return start_and_wait(release_, wanted_.timeout, sockets_changed()); },
         {}});
  }
  bool sockets_changed() const {
    return std::any_of(changed_.begin(), changed_.end(),
                       [](const std::string& path) { return path.ends_with(".socket"); });
  }

  // In a directory of its own, where nothing is started from.
  Result<void> verify() const {
    const std::string draft = releases_.draft();
    std::vector<std::string> paths;
    Result<void> done;
    for (const Definition& each : definitions_) {
      paths.push_back(draft + "/" + std::string(base::base_name(each.path.c_str())));
      if (done) done = write_text(paths.back(), each.text);
    }
    const std::string wrong = done ? system_.wrong_with(paths) : std::string();
    (void)remove_all(draft);
    if (!wrong.empty()) return failed("the definition will not do: " + wrong);
    return done;
  }

  void tell(std::string_view state, const Step& step) const {
    if (!step.what.empty()) report_.step(state, step.what);
  }

  // --- Doing it ----------------------------------------------------------------------------------
  int carry_out() {
    for (std::size_t done = 0; done < steps_.size(); ++done) {
      const Result<void> result = steps_[done].act();
      if (!result) return go_back(done, result.error().message);
      tell("done", steps_[done]);
    }
    return report_.done("installed",
                        facts_.version + (is_live() ? " is installed, runs and is ready"
                                                    : " is installed in the image"));
  }

  Result<void> start_and_wait(const std::string& release, std::chrono::milliseconds limit,
                              bool new_sockets) const {
    const auto deadline = Clock::now() + limit;
    if (auto up = system_.restart(facts_, new_sockets, limit); !up) return up;
    for (;;) {
      if (answers_ready(facts_.name, system_.main_pid(facts_), releases_.program(release)))
        return {};
      if (!system_.may_become_ready(facts_)) return failed("it ended before it was ready");
      if (Clock::now() >= deadline) {
        return failed("it runs, and was not ready within " + std::to_string(limit.count() / 1000) +
                      " s");
      }
      poll(nullptr, 0, kPollMs);
    }
  }

  Result<void> finish() const {
    for (const std::string& each : releases_.all()) {
      if (each != release_ && each != before_) (void)releases_.remove(each);
    }
    return releases_.finish();
  }

  // `failed_at` and all before it are undone; what ran before runs again.
  int go_back(std::size_t failed_at, const std::string& reason) {
    const std::string log = is_live() && started(failed_at) ? system_.last_log(facts_) : "";
    const bool to_nothing = before_.empty();
    if (is_live() && started(failed_at) && to_nothing) system_.stop(facts_);
    for (std::size_t i = failed_at + 1; i-- > 0;) {
      if (!steps_[i].undo) continue;
      steps_[i].undo();
      tell("undone", steps_[i]);
    }
    std::string end = to_nothing ? "nothing of it is left" : back_to_the_one_before(failed_at);
    (void)releases_.finish();
    if (to_nothing) (void)remove_if_empty();
    return report_.failed(facts_.version + " is not installed: " + reason + "; " + end, log);
  }
  bool started(std::size_t failed_at) const {
    return steps_[failed_at].what.ends_with(" started and ready");
  }

  // The files of the version before, whatever a killed run has left of them, and its process.
  std::string back_to_the_one_before(std::size_t failed_at) {
    Result<void> back = releases_.switch_to(before_);
    if (release_ != before_) {
      for (const Definition& each : definitions_) {
        const auto kept = read_text(releases_.definition(before_, each));
        put_back(at(each.path), kept ? *kept : std::nullopt);
      }
    }
    if (is_live() && back) back = system_.reload();
    const bool runs =
        is_live() &&
        answers_ready(facts_.name, system_.main_pid(facts_), releases_.program(before_)) &&
        !started(failed_at);
    if (is_live() && back && !runs) back = start_and_wait(before_, kBackUp, sockets_changed());
    if (!back) return before_ + " could not be put back: " + back.error().message;
    return before_ + (is_live() ? " runs again" : " is there again");
  }
  Result<void> remove_if_empty() const {
    return names_in(releases_.base()).empty() ? remove_all(releases_.base()) : Result<void>();
  }

  const Facts& facts_;
  const InitWanted& wanted_;
  const InitSystem& system_;
  const Report report_;
  const Releases releases_;
  const Render render_;
  const std::vector<Definition> definitions_;
  std::string release_;
  std::string before_;                     // the version to go back to; "" for none
  std::optional<std::string> unfinished_;  // set: a run before this one was killed
  std::vector<Step> steps_;
  std::vector<std::string> changed_;  // paths of definitions
};

}  // namespace

namespace {

int act(const Facts& facts, const InitWanted& wanted) {
  const Report report(facts.name, wanted.progress);
  const bool touches =
      wanted.what == InitWanted::What::kInstall || wanted.what == InitWanted::What::kUninstall;
  if (touches && wanted.root.empty() && geteuid() != 0)
    return report.failed("-init must be run by root: it installs a service of the system");
  if (!wanted.root.empty() && !is_there(wanted.root))
    return report.failed("--root " + wanted.root + " is not there");
  const auto system = choose(wanted);
  if (!system) return report.failed(system.error().message);
  Installation installation(facts, wanted, **system);
  switch (wanted.what) {
    case InitWanted::What::kPrint: return installation.print();
    case InitWanted::What::kUninstall: return installation.uninstall();
    default: return installation.install();
  }
}

}  // namespace

int init(const Facts& facts, const InitWanted& wanted) {
  // Whatever the caller's is: the service's own user has to come to its file.
  umask(022);
  const int status = act(facts, wanted);
  tell_aws(facts, wanted, status);
  return status;
}

}  // namespace outrigger::delivery
