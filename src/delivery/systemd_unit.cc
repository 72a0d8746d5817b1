// The unit files. Pure. Each directive is documented in systemd.service(5), systemd.exec(5),
// systemd.socket(5); those that are left out would take away what the service needs:
//   ProcSubset=pid      metrics of the machine come from /proc
//   PrivateUsers=yes    root's questions at the Unix socket are to be known as root's
//   IPAddressDeny=any   it serves the network
#include "delivery/init_system.h"

namespace outrigger::delivery {
namespace {

// The service beats several times a second and the keeper reports a hang after seconds: by then the
// report is out.
constexpr int kWatchdogSeconds = 30;

std::string seconds(std::chrono::milliseconds time) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(time).count());
}

// "%" begins a specifier in every value of a unit.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '%') out += '%';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

class Unit {
 public:
  void section(std::string_view name) {
    text_.append(text_.empty() ? "" : "\n").append("[").append(name).append("]\n");
  }
  void set(std::string_view name, std::string_view value) {
    text_.append(name).append("=").append(value).append("\n");
  }
  void lines(std::string_view several) { text_ += several; }
  std::string take() { return std::move(text_); }

 private:
  std::string text_ =
      "# Written by -init, and by its next run again: changes belong into a drop-in (systemctl "
      "edit).\n";
};

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text.append(text.empty() ? "" : " ").append(plain(word));
  return text;
}

constexpr std::string_view kConfined = R"(NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
ProtectProc=invisible
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
PrivateTmp=yes
InaccessiblePaths=-/dev/shm -/dev/mqueue -/dev/hugepages -/run/lock
RemoveIPC=yes
UMask=0077
KeyringMode=private
LockPersonality=yes
RestrictNamespaces=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
SystemCallArchitectures=native
)";
// Beyond a service's usual calls: the keeper reads the stacks of the service's threads, and confines
// itself.
constexpr std::string_view kCalls =
    "@system-service ptrace landlock_create_ruleset landlock_add_rule landlock_restrict_self";

void confine(const UnitOptions& allowed, Unit& unit) {
  unit.set("CapabilityBoundingSet", joined(allowed.capabilities));
  unit.set("AmbientCapabilities", joined(allowed.capabilities));
  unit.lines(kConfined);
  // The private /tmp and /var/tmp are the only places that would be left to write to.
  unit.set("ReadOnlyPaths", "/tmp /var/tmp");
  if (!allowed.writable.empty()) unit.set("ReadWritePaths", joined(allowed.writable));
  unit.set("SystemCallFilter", kCalls);
  unit.set("SystemCallErrorNumber", "EPERM");
  unit.set("MemoryDenyWriteExecute", allowed.jit ? "no" : "yes");
  unit.set("RestrictRealtime", allowed.real_time ? "no" : "yes");
  if (allowed.real_time) unit.set("LimitRTPRIO", "99");
  unit.set("DevicePolicy", "closed");
  if (allowed.devices.empty()) unit.set("PrivateDevices", "yes");
  for (const std::string& device : allowed.devices) unit.set("DeviceAllow", plain(device) + " rw");
}

std::string command_line(const Render& render) {
  std::string line = systemd_word(render.program) + " run";
  for (const std::string& word : render.wanted.run_words) line += " " + systemd_word(word);
  return line;
}

}  // namespace

std::string systemd_word(std::string_view word) {
  std::string out;
  bool quoted = word.empty();
  for (const char c : word) {
    if (c == '%' || c == '$') out += c;
    if (c == '"' || c == '\\' || c == '\'') out += '\\';
    quoted = quoted || c == ' ' || c == '\t' || c == ';' || c == '"' || c == '\'' || c == '\\';
    if (c == '\n') {
      out += "\\n";
      quoted = true;
    } else {
      out += c;
    }
  }
  return quoted ? "\"" + out + "\"" : out;
}

std::string service_unit(const Render& render) {
  const Facts& facts = render.facts;
  const UnitOptions& allowed = facts.unit;
  Unit unit;
  unit.section("Unit");
  unit.set("Description", plain(facts.about.empty() ? facts.name : facts.about));
  unit.set("Wants", "network-online.target");
  unit.set("After", "network-online.target");
  // It never gives up: nobody else would start it again.
  unit.set("StartLimitIntervalSec", "0");

  unit.section("Service");
  unit.set("Type", "notify");
  unit.set("ExecStart", command_line(render));
  unit.set("KillMode", "mixed");
  // systemd's own is 90 s: who waits longer for it to be ready is not to be cut off by that.
  constexpr std::chrono::seconds kUsual{90};
  if (render.wanted.timeout >= kUsual)
    unit.set("TimeoutStartSec", seconds(render.wanted.timeout + kStopMargin));
  unit.set("TimeoutStopSec", seconds(facts.stop_budget + kStopMargin));
  unit.set("WatchdogSec", std::to_string(kWatchdogSeconds));
  // A stop like any other: what hangs is killed within the stop budget, reported and shipped.
  unit.set("WatchdogSignal", "SIGTERM");
  unit.set("Restart", "on-failure");
  constexpr int kKnowsSteps = 254;
  if (render.version >= kKnowsSteps) {
    unit.lines("RestartSec=1\nRestartSteps=6\nRestartMaxDelaySec=60\n");
  } else {
    unit.set("RestartSec", "3");
  }
  unit.set("OOMPolicy", "continue");
  unit.set("LimitNOFILE", std::to_string(allowed.open_files));
  unit.set("LimitCORE", "0");
  if (allowed.memory_bytes_max != 0)
    unit.set("MemoryMax", std::to_string(allowed.memory_bytes_max));
  if (allowed.tasks_max != 0) unit.set("TasksMax", std::to_string(allowed.tasks_max));
  if (allowed.user.empty()) {
    unit.set("DynamicUser", "yes");
  } else {
    unit.set("User", plain(allowed.user));
  }
  confine(allowed, unit);

  unit.section("Install");
  unit.set("WantedBy", "multi-user.target");
  return unit.take();
}

std::string socket_unit(const Render& render) {
  const std::string& listen = render.facts.listen;
  Unit unit;
  unit.section("Unit");
  unit.set("Description",
           "The port of " + plain(render.facts.name) + ": connections wait here while it restarts");
  unit.section("Socket");
  unit.set("ListenStream", plain(listen.starts_with("unix:") ? listen.substr(5) : listen));
  unit.set("FileDescriptorName", "service");
  unit.set("Backlog", "4096");
  unit.set("NoDelay", "yes");
  unit.section("Install");
  unit.set("WantedBy", "sockets.target");
  return unit.take();
}

}  // namespace outrigger::delivery
