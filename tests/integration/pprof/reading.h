// What `go tool pprof` makes of a profile: no binary beside it, no network.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness.h"

namespace outrigger::whole {

// Skips the test, visibly, when Go is not there. In the test's own body.
bool has_go();

// The output of `go tool pprof OPTIONS FILE`, which begins with "failed: " when it failed. FILE may be
// an URL; what comes from there is kept in `directory`.
std::string go_tool_pprof(const std::string& options, const std::string& file,
                          const std::string& directory = "/dev/shm");

// Of `-top`: function to its share in percent.
struct Share {
  double flat = 0;
  double cumulative = 0;
};
std::map<std::string, Share> shares(std::string_view top);
Share share_of(const std::map<std::string, Share>& all, std::string_view part_of_name);

// The words that start `load`, of which `what` says what it does.
std::vector<std::string> run(const std::string& what, const std::vector<std::string>& more = {});

// The test of the static file and that of the dynamic one, at the same time.
void for_both(void (*test)(const std::string& file));

// Megabytes (2^20 bytes) of "123.45MB total" or "1.23GB total".
double megabytes_in(std::string_view top);

void write_file(const std::string& path, std::string_view bytes);

// A number in text, behind a marker; -1 when it is not there.
double number_before(std::string_view text, std::string_view marker);

}  // namespace outrigger::whole
