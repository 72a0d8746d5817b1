// This machine: its name, and who made it as its firmware has it, which is how an EC2 instance is
// known without asking anybody.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace outrigger::base {

inline constexpr std::string_view kAmazonEc2 = "Amazon EC2";

inline std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "";
}

// A file's first line, up to 255 bytes; "" where there is none.
inline std::string first_line_of(const char* path) {
  const Fd file(open(path, O_RDONLY | O_CLOEXEC));
  char text[255];
  const ssize_t size = file ? read(file.get(), text, sizeof text) : 0;
  std::string line(text, size > 0 ? static_cast<size_t>(size) : 0);
  line.resize(std::min(line.find('\n'), line.size()));
  return line;
}

// kAmazonEc2 on EC2: of Nitro instances the firmware says it, of Xen ones the hypervisor's uuid.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/identify_ec2_instances.html
// "" where neither says anything, as in most containers.
inline std::string machine_vendor() {
  std::string vendor = first_line_of("/sys/class/dmi/id/sys_vendor");
  const bool may_be_xen = vendor.empty() || vendor == "Xen";
  if (may_be_xen && first_line_of("/sys/hypervisor/uuid").starts_with("ec2")) vendor = kAmazonEc2;
  return vendor;
}

}  // namespace outrigger::base
