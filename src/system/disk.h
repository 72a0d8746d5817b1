// Disks: how full file systems are, and what is read and written. Bytes since the boot, or since the
// control group was made.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "system/text.h"

namespace outrigger::system {

struct FileSystem {
  std::string mount;
  double used_percent = 0;
  std::optional<double> inodes_used_percent{};  // none where there is no end of them (btrfs)
};

struct Disk {
  std::vector<FileSystem> file_systems{};  // those of the mounts that are there
  std::optional<double> read_bytes{};
  std::optional<double> written_bytes{};
  std::optional<double> pressure_us{};
};

// A mount whose server does not answer (NFS) keeps the caller waiting.
Disk read_disk(const Places& places, const std::vector<std::string>& mounts);

// Of io.stat of a control group of version 2.
void add_io_stat(std::string_view io_stat, Disk& disk);
// Of blkio.throttle.io_service_bytes of one of version 1. Both are summed over devices.
void add_blkio(std::string_view service_bytes, Disk& disk);
// Of /proc/diskstats: devices that `is_disk` says are whole ones.
void add_diskstats(std::string_view diskstats,
                   bool (*is_disk)(const Places&, std::string_view name), const Places& places,
                   Disk& disk);

}  // namespace outrigger::system
