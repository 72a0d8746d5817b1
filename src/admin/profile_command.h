// `prober profile KIND`: takes a profile of the running service, through its keeper's abstract
// socket (health_command.h), into a file or stdout.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "admin/remote.h"
#include "outrigger/result.h"

namespace outrigger::admin {

struct ProfileWanted {
  std::string path;    // of the request, with its query: "/debug/pprof/profile?seconds=10"
  std::string kind;    // "cpu"
  std::string output;  // a file, "-" for stdout; empty: stdout unless it is a terminal
  int64_t seconds = 0;
  int instance = 0;  // the supervisor's pid; 0: the only one
  bool text = false;
  std::string url;  // of one elsewhere, "http://host:8081"; empty: on this machine
  Remote remote;
};
// Of the words behind "profile".
Result<ProfileWanted> parse_profile_words(const std::vector<std::string_view>& given_words);

// Prints errors to stderr, on a terminal also how far it is. 0: there is a profile; 1: there is
// none; 2: it cannot be asked like this.
int profile_command(std::string_view service, int argc, char** argv);

}  // namespace outrigger::admin
