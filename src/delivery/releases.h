// Where the file lives on a machine, and the versions that are there:
//
//     /opt/prober/1.1.ab41cd0/prober           the file
//     /opt/prober/1.1.ab41cd0/prober.service   the definition that it runs under, and its sockets'
//     /opt/prober/current                      a link to 1.1.ab41cd0: the definition starts this one
//     /opt/prober/unfinished                   while -init works: the version to go back to
//
// A version's directory is made under another name and moved into its place whole. Each keeps the
// definition that belongs to it, so that going back needs nothing else, and what an administrator
// changed in the definition can be told from what an older version wrote.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/init_system.h"

namespace outrigger::delivery {

class Releases {
 public:
  // `root` "" on a running machine.
  Releases(const Facts& facts, const std::string& root, const std::string& prefix)
      : name_(facts.name), seen_(prefix + "/" + facts.name), base_(root + seen_) {}

  const std::string& base() const { return base_; }
  // As the init system sees it: without the root.
  std::string program_seen() const { return seen_ + "/current/" + name_; }
  std::string program(const std::string& release) const {
    return base_ + "/" + release + "/" + name_;
  }
  std::string definition(const std::string& release, const Definition& of) const;

  // The directory's name for a file of that version: the version, unless that is taken by other
  // bytes; then the digest's beginning stands behind it.
  std::string name_for(const std::string& version, const std::string& file) const;
  bool holds(const std::string& release, const std::string& file) const;
  std::string current() const { return link_of(); }
  std::vector<std::string> all() const;

  Result<void> install(const std::string& release, const std::string& file,
                       const std::vector<Definition>& definitions) const;
  Result<void> switch_to(const std::string& release) const;  // "": the link goes
  Result<void> remove(const std::string& release) const;
  // A place for what is not installed yet; gone at the next clean().
  std::string draft() const { return base_ + "/.new-draft"; }
  // Leftovers of a run that was killed.
  void clean() const;

  // The version to go back to of a run that did not come to its end; none when all came to theirs.
  std::optional<std::string> unfinished() const;
  Result<void> begin(const std::string& back_to) const;
  Result<void> finish() const;

 private:
  std::string link_of() const;

  const std::string name_;
  const std::string seen_;
  const std::string base_;
};

}  // namespace outrigger::delivery
