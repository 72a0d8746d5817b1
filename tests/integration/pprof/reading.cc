#include "reading.h"

#include <stdio.h>
#include <stdlib.h>

#include <fstream>
#include <sstream>
#include <thread>

namespace outrigger::whole {

bool has_go() { return GO[0] == '/'; }

std::string go_tool_pprof(const std::string& options, const std::string& file,
                          const std::string& directory) {
  const std::string command = "HOME=/nonexistent PPROF_TMPDIR='" + directory +
                              "' " GO " tool pprof " + options + " '" + file + "' 2>&1";
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return {};
  std::string out;
  char bytes[4096];
  for (size_t count; (count = fread(bytes, 1, sizeof(bytes), pipe)) > 0;) out.append(bytes, count);
  return pclose(pipe) == 0 ? out : "failed: " + out;
}

// "     0.97s 70.29% 70.29%      0.97s 70.29%  burn"
std::map<std::string, Share> shares(std::string_view top) {
  std::map<std::string, Share> all;
  bool in_table = false;
  for_each_line(top, [&](std::string_view line) {
    if (!in_table) {
      in_table = line.find("flat%") != std::string_view::npos;
      return;
    }
    std::istringstream words{std::string(line)};
    std::string flat, flat_share, sum, cumulative, cumulative_share, name;
    words >> flat >> flat_share >> sum >> cumulative >> cumulative_share;
    std::getline(words >> std::ws, name);
    all[name] = {atof(flat_share.c_str()), atof(cumulative_share.c_str())};
  });
  return all;
}

Share share_of(const std::map<std::string, Share>& all, std::string_view part_of_name) {
  for (const auto& [name, share] : all)
    if (name.find(part_of_name) != std::string::npos) return share;
  return {};
}

std::vector<std::string> run(const std::string& what, const std::vector<std::string>& more) {
  std::vector<std::string> all{"run",    "--admin",     "127.0.0.1:0", "--listen", "127.0.0.1:0",
                               "--logs", "stdout-json", "--what",      what};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

void for_both(void (*test)(const std::string& file)) {
  std::thread other(test, LOAD_DYNAMIC);
  test(LOAD);
  other.join();
}

double megabytes_in(std::string_view top) {
  const double megabytes = number_before(top, "MB total");
  return megabytes >= 0 ? megabytes : 1024 * number_before(top, "GB total");
}

void write_file(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

double number_before(std::string_view text, std::string_view marker) {
  const size_t at = text.find(marker);
  if (at == std::string_view::npos) return -1;
  size_t begin = at;
  while (begin > 0 &&
         (isdigit(static_cast<unsigned char>(text[begin - 1])) != 0 || text[begin - 1] == '.'))
    --begin;
  return atof(std::string(text.substr(begin, at - begin)).c_str());
}

}  // namespace outrigger::whole
