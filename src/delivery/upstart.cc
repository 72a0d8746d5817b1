// Upstart, which machines of a certain age still have (Ubuntu before 15.04, RHEL 6, Amazon Linux 1).
// The grammar is that of init(5) of upstart 1.12.
#include <charconv>

#include "delivery/files.h"
#include "delivery/init_system.h"
#include "delivery/subprocess.h"

namespace outrigger::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kPatience = seconds(30);

// A word of the shell that runs exec lines with any of its special characters.
std::string shell_word(std::string_view word) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_./:=@%+,").find(c) != std::string_view::npos;
  };
  bool plain = !word.empty();
  for (const char c : word) plain = plain && is_plain(c);
  if (plain) return std::string(word);
  std::string out = "'";
  for (const char c : word) {
    if (c == '\'') out += "'\\''";
    else out += c;
  }
  return out + "'";
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + "\"";
}

std::string job(const Render& render) {
  const Facts& facts = render.facts;
  std::string text = "# Written by -init, and by its next run again: changes belong into " +
                     facts.name + ".override.\n";
  text += "description " + quoted(facts.about.empty() ? facts.name : facts.about) + "\n";
  text += "start on runlevel [2345]\n";
  text += "stop on runlevel [!2345]\n";
  text += "respawn\n";
  text += "respawn limit 10 60\n";
  text += "kill timeout " +
          std::to_string(std::chrono::ceil<seconds>(facts.stop_budget + kStopMargin).count()) +
          "\n";
  text += "umask 077\n";
  text += "limit nofile " + std::to_string(facts.unit.open_files) + " " +
          std::to_string(facts.unit.open_files) + "\n";
  text += "limit core 0 0\n";
  text += "env HOME=/\n";
  // As systemd has it: the sign of an init system.
  text += "env INVOCATION_ID=upstart\n";
  text += "setuid " + (facts.unit.user.empty() ? std::string("nobody") : facts.unit.user) + "\n";
  text += "console log\n";
  text += "exec " + shell_word(render.program) + " run";
  for (const std::string& word : render.wanted.run_words) text += " " + shell_word(word);
  return text + "\n";
}

class Upstart final : public InitSystem {
 public:
  std::string_view name() const override { return "upstart"; }
  bool runs_here() const override {
    return !find_program("initctl").empty() &&
           run_program({"initctl", "version"}, kPatience).text.find("upstart") != std::string::npos;
  }
  bool is_installed(const std::string& root) const override {
    return is_there(root + "/sbin/initctl") && is_there(root + "/etc/init");
  }
  int version() const override { return 0; }

  std::vector<Definition> definitions(const Render& render) const override {
    return {{"/etc/init/" + render.facts.name + ".conf", job(render)}};
  }
  std::vector<Link> links(const Render&) const override { return {}; }  // `start on` does it

  std::string wrong_with(const std::vector<std::string>&) const override { return {}; }
  Result<void> reload() const override { return initctl({"reload-configuration"}, kPatience); }
  Result<void> restart(const Facts& facts, bool, milliseconds limit) const override {
    stop(facts);  // `restart` would go on with the definition that it was started with
    return initctl({"start", facts.name}, limit);
  }
  void stop(const Facts& facts) const override {
    run_program({"initctl", "stop", facts.name}, std::chrono::hours(2));
  }
  pid_t main_pid(const Facts& facts) const override {
    const std::string text = status(facts);  // "prober start/running, process 4711"
    constexpr std::string_view kProcess = ", process ";
    const std::size_t at = text.find(kProcess);
    int pid = 0;
    if (at != std::string::npos)
      std::from_chars(text.data() + at + kProcess.size(), text.data() + text.size(), pid);
    return pid;
  }
  bool may_become_ready(const Facts& facts) const override {
    return status(facts).find(" start/") != std::string::npos;
  }
  std::string last_log(const Facts& facts) const override {
    std::string text =
        run_program({"tail", "-n", "15", "/var/log/upstart/" + facts.name + ".log"}, kPatience)
            .text;
    while (text.ends_with('\n')) text.pop_back();
    return text;
  }

 private:
  static std::string status(const Facts& facts) {
    return run_program({"initctl", "status", facts.name}, kPatience).text;
  }
  static Result<void> initctl(std::vector<std::string> words, milliseconds limit) {
    words.insert(words.begin(), "initctl");
    const Ended ended = run_program(words, limit);
    if (ended.fine()) return {};
    return failed("initctl " + words[1] + ": " + ended.text.substr(0, ended.text.find('\n')));
  }
};

}  // namespace

std::unique_ptr<InitSystem> make_upstart() { return std::make_unique<Upstart>(); }

std::vector<std::unique_ptr<InitSystem>> all_init_systems() {
  std::vector<std::unique_ptr<InitSystem>> all;
  all.push_back(make_systemd());
  all.push_back(make_upstart());
  return all;
}

}  // namespace outrigger::delivery
