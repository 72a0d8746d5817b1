#include "delivery/digest.h"

#include <fcntl.h>

#include "aws/sigv4.h"
#include "base/fd.h"
#include "base/mapping.h"

namespace outrigger::delivery {

std::string file_digest(const std::string& path) {
  const base::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const base::Mapping file = fd ? base::Mapping::whole_file(fd.get()) : base::Mapping();
  return aws::sha256_hex({file.bytes(), file.size()});
}

}  // namespace outrigger::delivery
