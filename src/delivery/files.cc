#include "delivery/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

#include "base/fd.h"
#include "base/text.h"

namespace outrigger::delivery {
namespace {

constexpr std::size_t kTextBytesMax = 1u << 20;
constexpr std::size_t kPieceBytes = 256u << 10;

Error cannot(std::string_view what, const std::string& path, int error = errno) {
  std::string sentence = path + " cannot be " + std::string(what) + ": ";
  if (error == EROFS) {
    sentence += "the file system is read-only";
  } else if (error == ENOSPC || error == EDQUOT) {
    sentence += "the disk is full";
  } else {
    sentence += base::error_text(error);
  }
  return failed(std::move(sentence));
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

base::Fd open_new(const std::string& path, mode_t mode) {
  constexpr int kNew = O_WRONLY | O_CREAT | O_TRUNC;  // tidy: disk because init installs files
  return base::Fd(open(path.c_str(), kNew | O_CLOEXEC | O_NOFOLLOW, mode));
}

// What was moved or made in a directory stays so when the power fails.
void settle(const std::string& directory) {
  const base::Fd fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd) fsync(fd.get());
}

std::string draft_of(const std::string& path) { return path + ".new"; }

}  // namespace

Result<std::optional<std::string>> read_text(const std::string& path) {
  const base::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    if (errno == ENOENT || errno == ENOTDIR) return std::optional<std::string>();
    return cannot("read", path);
  }
  std::string text;
  char bytes[16384];
  ssize_t count = 0;
  while (text.size() < kTextBytesMax && (count = read(fd.get(), bytes, sizeof bytes)) > 0)
    text.append(bytes, static_cast<std::size_t>(count));
  if (count < 0) return cannot("read", path);
  return std::optional<std::string>(std::move(text));
}

Result<void> make_directories(const std::string& path) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    const int made = mkdir(part.c_str(), 0755);  // tidy: disk because init installs files
    if (made != 0 && errno != EEXIST) {
      const int error = errno;
      struct stat status;  // a read-only root says EROFS also of what is there
      if (stat(part.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
        return cannot("made", part, error);
    }
    if (end == std::string::npos) return {};
  }
}

Result<void> write_text(const std::string& path, std::string_view text) {
  if (auto made = make_directories(parent_of(path)); !made) return made;
  const std::string draft = draft_of(path);
  base::Fd fd = open_new(draft, 0644);
  if (!fd) return cannot("written", path);
  while (!text.empty()) {
    const ssize_t count = write(fd.get(), text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      const Error error = cannot("written", path);
      unlink(draft.c_str());
      return error;
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  if (fchmod(fd.get(), 0644) != 0 || fsync(fd.get()) != 0) return cannot("written", path);
  return move_to(draft, path);
}

Result<void> copy_program(const std::string& from, const std::string& to) {
  const base::Fd source(open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!source) return cannot("read", from);
  base::Fd target = open_new(to, 0755);
  if (!target) return cannot("written", to);
  for (;;) {
    const ssize_t count =
        copy_file_range(source.get(), nullptr, target.get(), nullptr, 1u << 30, 0);
    if (count == 0) break;
    if (count > 0) continue;
    if (errno != EXDEV && errno != ENOSYS && errno != EINVAL && errno != EOPNOTSUPP)
      return cannot("written", to);
    const auto bytes = std::make_unique<char[]>(kPieceBytes);
    ssize_t got = 0;
    while ((got = read(source.get(), bytes.get(), kPieceBytes)) > 0) {
      for (ssize_t done = 0; done < got;) {
        const ssize_t put =
            write(target.get(), bytes.get() + done, static_cast<std::size_t>(got - done));
        if (put <= 0) return cannot("written", to);
        done += put;
      }
    }
    if (got < 0) return cannot("read", from);
    break;
  }
  if (fchmod(target.get(), 0755) != 0 || fsync(target.get()) != 0) return cannot("written", to);
  return {};
}

Result<void> move_to(const std::string& from, const std::string& to) {
  if (renameat(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str()) != 0) {
    const Error error = cannot("written", to);
    unlink(from.c_str());
    return error;
  }
  settle(parent_of(to));
  return {};
}

std::string link_of(const std::string& path) {
  char target[PATH_MAX];
  const ssize_t size = readlink(path.c_str(), target, sizeof target);
  return std::string(target, size > 0 ? static_cast<std::size_t>(size) : 0);
}

Result<void> switch_link(const std::string& path, const std::string& target) {
  if (auto made = make_directories(parent_of(path)); !made) return made;
  const std::string draft = draft_of(path);
  unlink(draft.c_str());
  if (symlink(target.c_str(), draft.c_str()) != 0) return cannot("made", path);
  return move_to(draft, path);
}

Result<void> remove_all(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error && error != std::errc::no_such_file_or_directory)
    return cannot("removed", path, error.value());
  return {};
}

bool is_there(const std::string& path) {
  struct stat status;
  return lstat(path.c_str(), &status) == 0;
}

std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(path.c_str()), closedir);
  while (const dirent* entry = directory ? readdir(directory.get()) : nullptr) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

bool same_content(const std::string& one, const std::string& other) {
  const base::Fd first(open(one.c_str(), O_RDONLY | O_CLOEXEC));
  const base::Fd second(open(other.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat a, b;
  if (!first || !second || fstat(first.get(), &a) != 0 || fstat(second.get(), &b) != 0)
    return false;
  if (a.st_size != b.st_size) return false;
  const auto bytes = std::make_unique<char[]>(2 * kPieceBytes);
  for (off_t at = 0; at < a.st_size;) {
    const ssize_t got = pread(first.get(), bytes.get(), kPieceBytes, at);
    if (got <= 0 ||
        pread(second.get(), bytes.get() + kPieceBytes, static_cast<std::size_t>(got), at) != got)
      return false;
    if (memcmp(bytes.get(), bytes.get() + kPieceBytes, static_cast<std::size_t>(got)) != 0)
      return false;
    at += got;
  }
  return true;
}

bool same_file(const std::string& one, const std::string& other) {
  struct stat a, b;
  return stat(one.c_str(), &a) == 0 && stat(other.c_str(), &b) == 0 && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino;
}

Result<int> lock_directory(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return cannot("opened", path);
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  close(fd);
  return failed("another -init of this service is under way: it holds " + path);
}

}  // namespace outrigger::delivery
