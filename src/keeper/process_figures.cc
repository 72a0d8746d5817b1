#include "keeper/process_figures.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <vector>

#include "base/fd.h"

namespace outrigger::keeper {
namespace {

constexpr size_t kFileMax = 64u << 10;

// The words of /proc/PID/stat from the third field on: the second is a name in parentheses, which
// may hold anything.
std::vector<double> fields_of(const std::string& stat, char& state) {
  std::vector<double> fields;
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= stat.size()) return fields;
  state = stat[name_end + 2];
  const char* at = stat.data() + name_end + 3;
  const char* const end = stat.data() + stat.size();
  while (at < end) {
    if (*at == ' ') {
      ++at;
      continue;
    }
    double value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc()) break;
    fields.push_back(value);
    at = next;
  }
  return fields;
}

std::optional<double> entries_in(const std::string& path) {
  DIR* const directory = opendir(path.c_str());
  if (directory == nullptr) return std::nullopt;
  double count = 0;
  while (const dirent* entry = readdir(directory)) count += entry->d_name[0] != '.';
  closedir(directory);
  return count;
}

}  // namespace

std::string small_file(const std::string& path) {
  const base::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  char bytes[4096];
  while (fd && text.size() < kFileMax) {
    const ssize_t size = read(fd.get(), bytes, sizeof bytes);
    if (size <= 0) break;
    text.append(bytes, static_cast<size_t>(size));
  }
  return text;
}

std::optional<double> number_after(const std::string& text, std::string_view key) {
  for (size_t at = 0; (at = text.find(key, at)) != std::string::npos; at += key.size()) {
    if (at != 0 && text[at - 1] != '\n') continue;
    const size_t number = text.find_first_not_of(" \t", at + key.size());
    double value = 0;
    if (number == std::string::npos || number == at + key.size() ||
        std::from_chars(text.data() + number, text.data() + text.size(), value).ec != std::errc())
      continue;
    return value;
  }
  return std::nullopt;
}

std::optional<ProcessFigures> process_figures(int pid) {
  const std::string directory = "/proc/" + std::to_string(pid);
  char state = 'X';
  // By the numbers of proc(5), less 4.
  const std::vector<double> fields = fields_of(small_file(directory + "/stat"), state);
  if (fields.size() < 21 || state == 'Z' || state == 'X') return std::nullopt;
  const auto ticks_a_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  ProcessFigures figures;
  figures.cpu_seconds = (fields[10] + fields[11]) / ticks_a_second;
  figures.threads = fields[16];
  figures.virtual_bytes = fields[19];
  figures.resident_bytes = fields[20] * static_cast<double>(sysconf(_SC_PAGESIZE));
  const double boot_s = number_after(small_file("/proc/stat"), "btime").value_or(0);
  figures.started_s = boot_s + fields[18] / ticks_a_second;
  const std::string status = small_file(directory + "/status");
  figures.context_switches = number_after(status, "voluntary_ctxt_switches:").value_or(0) +
                             number_after(status, "nonvoluntary_ctxt_switches:").value_or(0);
  figures.open_fds = entries_in(directory + "/fd");
  figures.max_fds = number_after(small_file(directory + "/limits"), "Max open files");
  return figures;
}

}  // namespace outrigger::keeper
