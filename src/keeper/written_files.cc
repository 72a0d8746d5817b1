#include "keeper/written_files.h"

#include <dirent.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "keeper/plain_text.h"

namespace outrigger::keeper {
namespace {

constexpr size_t kDescriptorsMax = 4096;

// The link's own mode says how the descriptor was opened (proc(5)).
bool is_written(const std::string& link) {
  struct stat status;
  if (lstat(link.c_str(), &status) != 0 || (status.st_mode & S_IWUSR) == 0) return false;
  return stat(link.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

bool is_on_disk(std::string_view path) {
  return path.starts_with('/') && !path.starts_with("/dev/") && !path.starts_with("/proc/") &&
         !path.starts_with("/memfd:") && !path.starts_with("/sys/");
}

}  // namespace

std::vector<std::string> written_files(int pid) {
  std::vector<std::string> files;
  const std::string directory = "/proc/" + std::to_string(pid) + "/fd";
  DIR* const opened = opendir(directory.c_str());
  if (opened == nullptr) return files;
  size_t looked = 0;
  while (const dirent* entry = readdir(opened)) {
    if (entry->d_name[0] == '.') continue;
    if (++looked > kDescriptorsMax || files.size() == kWrittenFilesMax) break;
    const std::string link = directory + "/" + entry->d_name;
    char target[PATH_MAX];
    const ssize_t size = readlink(link.c_str(), target, sizeof(target));
    if (size <= 0 || !is_on_disk({target, static_cast<size_t>(size)}) || !is_written(link))
      continue;
    files.push_back(plain_text(target, std::min<size_t>(static_cast<size_t>(size), 1000)));
  }
  closedir(opened);
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

}  // namespace outrigger::keeper
