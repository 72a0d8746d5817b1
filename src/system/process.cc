#include "system/process.h"

#include <dirent.h>
#include <unistd.h>

#include <functional>

namespace outrigger::system {
namespace {

constexpr size_t kThreadsMax = 1'000;

// False when the directory cannot be read. Until `visit` says false.
bool each_entry(const std::string& path, const std::function<bool(const char*)>& visit) {
  DIR* const directory = opendir(path.c_str());
  if (directory == nullptr) return false;
  while (const dirent* entry = readdir(directory))
    if (entry->d_name[0] != '.' && !visit(entry->d_name)) break;
  closedir(directory);
  return true;
}

double switches_of(const std::string& directory) {
  double sum = 0;
  size_t seen = 0;
  each_entry(directory + "/task", [&](const char* thread) {
    const std::string status = small_file(directory + "/task/" + thread + "/status");
    sum += number_after(status, "voluntary_ctxt_switches:").value_or(0) +
           number_after(status, "nonvoluntary_ctxt_switches:").value_or(0);
    return ++seen < kThreadsMax;
  });
  return sum;
}

}  // namespace

std::vector<double> parse_stat(std::string_view stat, char& state) {
  // The second field is a name in parentheses, which may hold anything.
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos || name_end + 2 >= stat.size()) return {};
  state = stat[name_end + 2];
  std::vector<double> fields;
  for (const std::string_view word : words_of(stat.substr(name_end + 3))) {
    const auto value = leading_number(word);
    if (!value) break;
    fields.push_back(*value);
  }
  return fields;
}

std::optional<Process> read_process(const Places& places, int pid) {
  const std::string directory = places.proc + "/" + std::to_string(pid);
  char state = 'X';
  // By the numbers of proc(5), less 4.
  const std::vector<double> fields = parse_stat(small_file(directory + "/stat"), state);
  if (fields.size() < 21 || state == 'Z' || state == 'X') return std::nullopt;
  const auto ticks_a_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  Process process;
  process.cpu_seconds = (fields[10] + fields[11]) / ticks_a_second;
  process.threads = fields[16];
  process.virtual_bytes = fields[19];
  process.resident_bytes = fields[20] * static_cast<double>(sysconf(_SC_PAGESIZE));
  const double boot_s = number_after(small_file(places.proc + "/stat"), "btime").value_or(0);
  process.started_s = boot_s + fields[18] / ticks_a_second;
  process.context_switches = switches_of(directory);
  double open = 0;
  if (each_entry(directory + "/fd", [&](const char*) { return open += 1, true; }))
    process.open_fds = open;
  process.max_fds = number_after(small_file(directory + "/limits"), "Max open files");
  return process;
}

}  // namespace outrigger::system
