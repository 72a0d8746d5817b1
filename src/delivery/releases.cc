#include "delivery/releases.h"

#include "base/text.h"
#include "delivery/digest.h"
#include "delivery/files.h"

namespace outrigger::delivery {
namespace {

constexpr std::string_view kDraft = ".new-";
constexpr std::size_t kDigestDigits = 8;

}  // namespace

std::string Releases::definition(const std::string& release, const Definition& of) const {
  return base_ + "/" + release + "/" + std::string(base::base_name(of.path.c_str()));
}

bool Releases::holds(const std::string& release, const std::string& file) const {
  return same_content(program(release), file);
}

std::string Releases::name_for(const std::string& version, const std::string& file) const {
  if (!is_there(program(version)) || holds(version, file)) return version;
  return version + "." + file_digest(file).substr(0, kDigestDigits);
}

std::string Releases::link_of() const { return delivery::link_of(base_ + "/current"); }

std::vector<std::string> Releases::all() const {
  std::vector<std::string> releases;
  for (const std::string& name : names_in(base_)) {
    if (!name.starts_with('.') && is_there(program(name)) && name != "current")
      releases.push_back(name);
  }
  return releases;
}

Result<void> Releases::install(const std::string& release, const std::string& file,
                               const std::vector<Definition>& definitions) const {
  const std::string draft = base_ + "/" + std::string(kDraft) + release;
  if (auto made = make_directories(draft); !made) return made;
  Result<void> done = copy_program(file, draft + "/" + name_);
  for (const Definition& each : definitions) {
    if (!done) break;
    done = write_text(draft + "/" + std::string(base::base_name(each.path.c_str())), each.text);
  }
  if (done) done = move_to(draft, base_ + "/" + release);
  if (!done) (void)remove_all(draft);
  return done;
}

Result<void> Releases::switch_to(const std::string& release) const {
  const std::string link = base_ + "/current";
  return release.empty() ? remove_all(link) : switch_link(link, release);
}

Result<void> Releases::remove(const std::string& release) const {
  return remove_all(base_ + "/" + release);
}

void Releases::clean() const {
  for (const std::string& name : names_in(base_)) {
    if (name.starts_with(kDraft)) (void)remove_all(base_ + "/" + name);
  }
}

std::optional<std::string> Releases::unfinished() const {
  const auto text = read_text(base_ + "/unfinished");
  return text ? *text : std::nullopt;
}

Result<void> Releases::begin(const std::string& back_to) const {
  return write_text(base_ + "/unfinished", back_to);
}

Result<void> Releases::finish() const { return remove_all(base_ + "/unfinished"); }

}  // namespace outrigger::delivery
