#include "delivery/push.h"

#include <elf.h>
#include <link.h>
#include <unistd.h>

#include <cstring>

#include "aws/profile.h"
#include "aws/sts.h"
#include "base/hex.h"
#include "delivery/architecture.h"
#include "delivery/digest.h"
#include "delivery/files.h"
#include "delivery/stack_update.h"
#include "delivery/uploaded.h"
#include "discovery/access.h"

namespace outrigger::delivery {
namespace {

constexpr const char* kSelf = "/proc/self/exe";

// The GNU build id of this program, lower-case hex; "" where it was linked without one (elf(5)).
std::string build_id() {
  std::string id;
  dl_iterate_phdr(
      [](dl_phdr_info* image, size_t, void* data) {
        for (int i = 0; i < image->dlpi_phnum; ++i) {
          const ElfW(Phdr)& segment = image->dlpi_phdr[i];
          if (segment.p_type != PT_NOTE) continue;
          const auto padded = [](size_t size) { return (size + 3) & ~size_t{3}; };
          const char* at = reinterpret_cast<const char*>(image->dlpi_addr + segment.p_vaddr);
          for (size_t left = segment.p_memsz; left >= sizeof(ElfW(Nhdr));) {
            ElfW(Nhdr) note;
            memcpy(&note, at, sizeof note);
            const size_t size = sizeof note + padded(note.n_namesz) + padded(note.n_descsz);
            if (size > left) break;
            if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
                memcmp(at + sizeof note, "GNU", 4) == 0) {
              const char* bytes = at + sizeof note + padded(note.n_namesz);
              *static_cast<std::string*>(data) = base::hex(bytes, note.n_descsz);
              return 1;
            }
            at += size;
            left -= size;
          }
        }
        return 1;  // the program itself is the first
      },
      &id);
  return id;
}

// Where the build puts it: build/release/bin/prober, build/release/debug/prober.debug.
std::string usual_debug_file(const std::string& service) {
  const std::string self = link_of(kSelf);
  const size_t slash = self.rfind('/');
  const size_t above =
      slash == std::string::npos || slash == 0 ? slash : self.rfind('/', slash - 1);
  if (slash == std::string::npos || above == std::string::npos) return {};
  std::string file = self.substr(0, above) + "/debug/" + service + ".debug";
  return is_there(file) ? file : "";
}

class Push {
 public:
  Push(const Facts& facts, const PushWanted& wanted)
      : facts_(facts), wanted_(wanted), report_(facts.name, wanted.progress) {}

  int run() {
    if (facts_.version.find('+') != std::string::npos && !wanted_.allow_changes)
      return report_.failed(facts_.version +
                            " was built from changes that are in no commit: commit them and build, "
                            "or say --allow-changes");
    auto variables = aws::with_profile(aws::own_variables());
    if (!variables) return report_.failed(variables.error().message);
    discovery::Access access(std::move(*variables));
    const auto here = access.find(nullptr);
    if (here->client == nullptr) return report_.failed(here->no_client);
    aws::Client& client = *here->client;
    bucket_ = wanted_.bucket;
    if (bucket_.empty()) {
      const auto account = aws::sts::caller_account(client, nullptr);
      if (!account)
        return report_.failed("whose keys these are is not known: " + account.failure().message);
      bucket_ = "outrigger-" + *account + "-" + client.region();
    }
    const std::string sha256 = file_digest(kSelf);
    if (const int status = send(client, facts_.name, kSelf, sha256); status != 0) return status;
    if (const int status = send_debug_file(client); status != 0) return status;
    report_.step("done", "SHA-256 " + sha256);
    if (wanted_.to_stack.empty()) return report_.done("pushed", next());
    const auto updated = update_stack(client, wanted_.to_stack, facts_.version, sha256, report_);
    if (!updated) return report_.failed(updated.error().message);
    return report_.done("updated", "stack " + wanted_.to_stack + ": " + *updated);
  }

 private:
  int send(aws::Client& client, const std::string& name, const std::string& file,
           const std::string& sha256) const {
    const aws::s3::Place place{
        bucket_, facts_.name + "/" + facts_.version + "/" + kArchitecture + "/" + name};
    const auto sent = upload(client, place, file, sha256, report_);
    if (!sent) return report_.failed(sent.error().message);
    const std::string address = "s3://" + place.bucket + "/" + place.key;
    report_.step(*sent == Uploaded::kNow ? "done" : "unchanged",
                 address + (*sent == Uploaded::kNow ? ": uploaded" : ": was there"));
    return 0;
  }

  int send_debug_file(aws::Client& client) const {
    const std::string file =
        wanted_.debug_file.empty() ? usual_debug_file(facts_.name) : wanted_.debug_file;
    if (file.empty()) return 0;
    const std::string id = build_id();
    if (id.empty())
      return report_.failed("this file has no build id that " + file + " could go by");
    return send(client, id + ".debug", file, file_digest(file));
  }

  std::string next() const {
    return facts_.version + " is uploaded; next: " + facts_.name + " push --to-stack NAME, or " +
           facts_.name + " template > " + facts_.name +
           ".yaml && aws cloudformation deploy --capabilities CAPABILITY_IAM --template-file " +
           facts_.name + ".yaml --stack-name NAME";
  }

  const Facts& facts_;
  const PushWanted& wanted_;
  const Report report_;
  std::string bucket_;
};

}  // namespace

int push(const Facts& facts, const PushWanted& wanted) { return Push(facts, wanted).run(); }

}  // namespace outrigger::delivery
