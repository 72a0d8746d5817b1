#include "delivery/uploaded.h"

#include <fcntl.h>

#include <algorithm>

#include "base/fd.h"
#include "base/mapping.h"

namespace outrigger::delivery {
namespace {

using aws::Failure;
using aws::s3::Part;

class Upload {
 public:
  Upload(aws::Client& client, const aws::s3::Place& place, std::string_view bytes,
         const std::string& sha256, const Report& report)
      : client_(client), place_(place), bytes_(bytes), sha256_(sha256), report_(report) {}

  Result<Uploaded> run() {
    if (auto there = is_there(); !there) return there.error();
    else if (*there) return Uploaded::kBefore;
    const auto sent = bytes_.size() <= kUploadPartBytes ? whole() : in_parts();
    if (sent) return Uploaded::kNow;
    // An answer that was lost, or another push that was faster.
    auto there = is_there();
    if (!there) return there.error();
    if (*there) return Uploaded::kNow;
    return failed(address() + " was not written: " + sent.failure().message);
  }

 private:
  std::string address() const { return "s3://" + place_.bucket + "/" + place_.key; }

  // True: these very bytes. An error: others.
  Result<bool> is_there() {
    const auto found = aws::s3::head_object(client_, place_, nullptr);
    if (!found) {
      return failed(address() + " cannot be looked at: " + found.failure().message +
                    (found.failure().status == 403
                         ? " (where nothing is, S3 says so only to those who may s3:ListBucket)"
                         : ""));
    }
    if (!*found) return false;
    const aws::s3::Object& object = **found;
    if (object.sha256 == sha256_ && object.size == bytes_.size()) return true;
    return failed(address() + " is there with other content (SHA-256 " +
                  (object.sha256.empty() ? "unknown" : object.sha256) + ", this file's is " +
                  sha256_ + "): a version is never overwritten");
  }

  aws::Outcome<aws::Done> whole() {
    return aws::s3::put_object(client_, place_, bytes_, sha256_, nullptr);
  }

  std::string_view part(int number) const {
    return bytes_.substr(static_cast<size_t>(number - 1) * kUploadPartBytes, kUploadPartBytes);
  }

  aws::Outcome<aws::Done> in_parts() {
    const int count = static_cast<int>((bytes_.size() + kUploadPartBytes - 1) / kUploadPartBytes);
    std::vector<Part> there;
    auto upload = unfinished(there);
    if (!upload) return upload.failure();
    std::vector<Part> parts;
    for (int number = 1; number <= count; ++number) {
      const std::string what = "part " + std::to_string(number) + " of " + std::to_string(count);
      const auto held = std::find_if(there.begin(), there.end(),
                                     [&](const Part& each) { return each.number == number; });
      if (held != there.end() && held->checksum == aws::s3::checksum_of(part(number))) {
        parts.push_back(*held);
        report_.step("unchanged", what + ": was there");
        continue;
      }
      auto sent = aws::s3::upload_part(client_, place_, *upload, number, part(number), nullptr);
      if (!sent) return sent.failure();
      parts.push_back(std::move(*sent));
      report_.step("done", what + ": sent");
    }
    return aws::s3::complete_upload(client_, place_, *upload, parts, nullptr);
  }

  // Where an earlier push was cut off it goes on. One whose parts are of another file is begun anew.
  aws::Outcome<std::string> unfinished(std::vector<Part>& there) {
    auto found = aws::s3::find_upload(client_, place_, nullptr);
    // Who may not look begins anew.
    if (found && !found->empty()) {
      if (auto parts = aws::s3::list_parts(client_, place_, *found, nullptr); parts) {
        const bool is_ours = std::all_of(parts->begin(), parts->end(), [&](const Part& each) {
          return static_cast<size_t>(each.number - 1) * kUploadPartBytes < bytes_.size() &&
                 each.checksum == aws::s3::checksum_of(part(each.number));
        });
        if (is_ours) {
          there = std::move(*parts);
          return found;
        }
        (void)aws::s3::abort_upload(client_, place_, *found, nullptr);
      }
    }
    return aws::s3::create_upload(client_, place_, sha256_, nullptr);
  }

  aws::Client& client_;
  const aws::s3::Place& place_;
  const std::string_view bytes_;
  const std::string& sha256_;
  const Report& report_;
};

}  // namespace

Result<Uploaded> upload(aws::Client& client, const aws::s3::Place& place, const std::string& file,
                        const std::string& sha256, const Report& report) {
  const base::Fd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return failed(file + " cannot be read");
  const base::Mapping mapped = base::Mapping::whole_file(fd.get());
  return Upload(client, place, {mapped.bytes(), mapped.size()}, sha256, report).run();
}

}  // namespace outrigger::delivery
