#include <unistd.h>

#include <charconv>

#include "delivery/files.h"
#include "delivery/init_system.h"
#include "delivery/subprocess.h"

namespace outrigger::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kUnits = "/etc/systemd/system/";
// With what takes no time; a slow machine that boots may need a minute to read its definitions.
constexpr milliseconds kPatience = seconds(120);
constexpr int kLogLines = 15;

int number_at(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string first_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

class Systemd final : public InitSystem {
 public:
  std::string_view name() const override { return "systemd"; }
  // As sd_booted(3) says.
  bool runs_here() const override { return is_there("/run/systemd/system"); }
  bool is_installed(const std::string& root) const override {
    return is_there(root + "/lib/systemd/systemd") || is_there(root + "/usr/lib/systemd/systemd");
  }
  int version() const override {
    const Ended ended = run_program({"systemctl", "--version"}, kPatience);  // "systemd 252 (…"
    return ended.fine() && ended.text.starts_with("systemd ")
               ? number_at(std::string_view(ended.text).substr(8))
               : 0;
  }

  std::vector<Definition> definitions(const Render& render) const override {
    std::vector<Definition> list{{path_of(render.facts, ".service"), service_unit(render)}};
    if (!render.facts.listen.empty())
      list.push_back({path_of(render.facts, ".socket"), socket_unit(render)});
    return list;
  }
  // What `systemctl enable` makes of [Install].
  std::vector<Link> links(const Render& render) const override {
    std::vector<Link> list{link(render.facts, "multi-user.target.wants/", ".service")};
    if (!render.facts.listen.empty())
      list.push_back(link(render.facts, "sockets.target.wants/", ".socket"));
    return list;
  }

  std::string wrong_with(const std::vector<std::string>& paths) const override {
    if (find_program("systemd-analyze").empty()) return {};
    std::vector<std::string> words{"systemd-analyze", "verify", "--man=no",
                                   "--recursive-errors=no"};
    words.insert(words.end(), paths.begin(), paths.end());
    const Ended ended = run_program(words, kPatience);
    return ended.status > 0 ? first_line(ended.text) : std::string();
  }

  Result<void> reload() const override { return systemctl({"daemon-reload"}, kPatience); }

  Result<void> restart(const Facts& facts, bool sockets_changed,
                       milliseconds limit) const override {
    if (!facts.listen.empty()) {
      // A socket is not opened anew while its service runs.
      if (sockets_changed)
        systemctl_quietly({"stop", unit(facts, ".service"), unit(facts, ".socket")});
      if (auto up = systemctl({"start", unit(facts, ".socket")}, kPatience); !up) return up;
    }
    systemctl_quietly({"reset-failed", unit(facts, ".service")});
    return systemctl({"restart", unit(facts, ".service")}, limit);
  }
  void stop(const Facts& facts) const override {
    std::vector<std::string> words{"stop", unit(facts, ".service")};
    if (!facts.listen.empty()) words.push_back(unit(facts, ".socket"));
    systemctl_quietly(words);
    systemctl_quietly({"reset-failed", unit(facts, ".service")});
  }
  pid_t main_pid(const Facts& facts) const override { return number_at(shown(facts, "MainPID")); }
  bool may_become_ready(const Facts& facts) const override {
    return shown(facts, "ActiveState") == "active" || shown(facts, "SubState") == "start";
  }
  std::string last_log(const Facts& facts) const override {
    const std::string start = shown(facts, "InvocationID");
    std::string text = start.empty() ? "" : journal(facts, {"_SYSTEMD_INVOCATION_ID=" + start});
    // systemd may have begun the next start meanwhile, which has said nothing yet.
    return text.empty() ? journal(facts, {}) : text;
  }

 private:
  static std::string unit(const Facts& facts, std::string_view kind) {
    return facts.name + std::string(kind);
  }
  static std::string journal(const Facts& facts, const std::vector<std::string>& matches) {
    std::vector<std::string> words{"journalctl",
                                   "--no-pager",
                                   "--quiet",
                                   "-o",
                                   "cat",
                                   "-n",
                                   std::to_string(kLogLines),
                                   "-u",
                                   unit(facts, ".service")};
    words.insert(words.end(), matches.begin(), matches.end());
    std::string text = run_program(words, kPatience).text;
    while (text.ends_with('\n')) text.pop_back();
    return text;
  }
  static std::string path_of(const Facts& facts, std::string_view kind) {
    return std::string(kUnits) + unit(facts, kind);
  }
  static Link link(const Facts& facts, std::string_view target, std::string_view kind) {
    return {std::string(kUnits) + std::string(target) + unit(facts, kind), path_of(facts, kind)};
  }
  static std::string shown(const Facts& facts, const char* property) {
    return first_line(
        run_program({"systemctl", "show", "--value", "-p", property, unit(facts, ".service")},
                    kPatience)
            .text);
  }
  static void systemctl_quietly(std::vector<std::string> words) {
    words.insert(words.begin(), "systemctl");
    // A stop takes up to its own limit, which systemd enforces.
    run_program(words, std::chrono::hours(2));
  }
  static Result<void> systemctl(std::vector<std::string> words, milliseconds limit) {
    words.insert(words.begin(), "systemctl");
    const Ended ended = run_program(words, limit);
    if (ended.fine()) return {};
    if (!ended.in_time)
      return failed(words[1] == "restart" ? "it was not up within the time given"
                                          : "systemctl " + words[1] + " did not end in time");
    return failed("systemctl " + words[1] + ": " + first_line(ended.text));
  }
};

}  // namespace

std::unique_ptr<InitSystem> make_systemd() { return std::make_unique<Systemd>(); }

}  // namespace outrigger::delivery
