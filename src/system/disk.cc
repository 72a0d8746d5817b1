#include "system/disk.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include "system/cgroup.h"

namespace outrigger::system {
namespace {

constexpr double kSector = 512;  // of /proc/diskstats, whatever the disk's is
constexpr double kAll = 100;

std::optional<FileSystem> file_system(const std::string& mount) {
  struct statvfs status;
  if (statvfs(mount.c_str(), &status) != 0 || status.f_blocks == 0) return std::nullopt;
  FileSystem found{mount, 0, {}};
  // As df has it: what is kept for root is neither used nor there.
  const auto used = static_cast<double>(status.f_blocks - status.f_bfree);
  const double there = used + static_cast<double>(status.f_bavail);
  found.used_percent = there <= 0 ? kAll : used / there * kAll;
  if (status.f_files != 0)
    found.inodes_used_percent = static_cast<double>(status.f_files - status.f_ffree) /
                                static_cast<double>(status.f_files) * kAll;
  return found;
}

void add(std::optional<double>& sum, double more) { sum = sum.value_or(0) + more; }

// Not partitions, and nothing that is made of other disks, whose bytes would count twice.
bool is_whole_disk(const Places& places, std::string_view name) {
  for (const std::string_view made : {"loop", "ram", "dm-", "md", "zram", "sr"})
    if (name.starts_with(made)) return false;
  if (name.find('/') != std::string_view::npos) return false;
  return access((places.block + "/" + std::string(name)).c_str(), F_OK) == 0;
}

}  // namespace

void add_io_stat(std::string_view io_stat, Disk& disk) {
  for (const std::string_view line : lines_of(io_stat)) {
    for (const std::string_view word : words_of(line)) {
      if (word.starts_with("rbytes="))
        add(disk.read_bytes, leading_number(word.substr(7)).value_or(0));
      if (word.starts_with("wbytes="))
        add(disk.written_bytes, leading_number(word.substr(7)).value_or(0));
    }
  }
}

void add_blkio(std::string_view service_bytes, Disk& disk) {
  for (const std::string_view line : lines_of(service_bytes)) {
    const auto words = words_of(line);
    if (words.size() != 3) continue;  // "8:0 Read 4096"; the last is "Total 8192"
    const double bytes = leading_number(words[2]).value_or(0);
    if (words[1] == "Read") add(disk.read_bytes, bytes);
    if (words[1] == "Write") add(disk.written_bytes, bytes);
  }
}

void add_diskstats(std::string_view diskstats,
                   bool (*is_disk)(const Places&, std::string_view name), const Places& places,
                   Disk& disk) {
  for (const std::string_view line : lines_of(diskstats)) {
    // major minor name reads merged sectors ms writes merged sectors ...
    const auto words = words_of(line);
    if (words.size() < 10 || !is_disk(places, words[2])) continue;
    add(disk.read_bytes, leading_number(words[5]).value_or(0) * kSector);
    add(disk.written_bytes, leading_number(words[9]).value_or(0) * kSector);
  }
}

Disk read_disk(const Places& places, const std::vector<std::string>& mounts) {
  Disk disk;
  for (const std::string& mount : mounts)
    if (auto found = file_system(mount)) disk.file_systems.push_back(std::move(*found));
  // The control group's own, unless it is everybody's.
  Cgroup group = find_cgroup(places, "io");
  if (group.version == Cgroup::Version::k2 && !group.directories.empty()) {
    add_io_stat(small_file(group.directories.front() + "/io.stat"), disk);
    disk.pressure_us = pressure_us(small_file(group.directories.front() + "/io.pressure"));
  }
  if (!disk.read_bytes) {
    group = find_cgroup(places, "blkio");
    if (group.version == Cgroup::Version::k1 && group.directories.size() > 1)
      add_blkio(small_file(group.directories.front() + "/blkio.throttle.io_service_bytes"), disk);
  }
  if (!disk.read_bytes)
    add_diskstats(small_file(places.proc + "/diskstats"), is_whole_disk, places, disk);
  if (!disk.pressure_us) disk.pressure_us = pressure_us(small_file(places.proc + "/pressure/io"));
  return disk;
}

}  // namespace outrigger::system
