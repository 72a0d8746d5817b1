#include "admin/log_command.h"

#include <unistd.h>

#include <string>
#include <vector>

#include "admin/remote.h"
#include "admin/report.h"
#include "aws/sigv4.h"
#include "base/fd.h"
#include "base/text.h"

namespace outrigger::admin {
namespace {

constexpr int kUsage = 2;

struct Wanted {
  std::string url;
  std::string query;
  bool sets = false;
  Remote remote;
};

void add(std::string& query, std::string_view name, std::string_view value) {
  query += query.empty() ? '?' : '&';
  query.append(name).append("=").append(aws::percent_encode(value));
}

Result<Wanted> parse(const std::vector<std::string_view>& words) {
  Wanted wanted;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const auto taken = take_remote_word(words, i, wanted.remote);
    if (!taken) return taken.error();
    if (*taken) continue;
    const bool is_module = word == "--module" || word == "-module";
    if (is_module || word == "--for" || word == "-for") {
      if (i + 1 == words.size()) return bad_input("log", word, "a value behind it");
      add(wanted.query, is_module ? "module" : "for", words[++i]);
    } else if (take_url(word, wanted.url)) {
      continue;
    } else if (level_named(word) && !wanted.sets) {
      add(wanted.query, "level", word);
      wanted.sets = true;
    } else {
      return bad_input("log", word, "a URL, a level, --module NAME, --for 10m");
    }
  }
  if (const std::string wrong = wrong_with(wanted.remote, wanted.url); !wrong.empty())
    return Error{ErrorKind::kBadInput, wrong, {}};
  return wanted;
}

int complain(std::string_view service, std::string_view sentence, int status) {
  base::write_line(STDERR_FILENO, service, ": ", sentence);
  return status;
}

}  // namespace

int log_command(std::string_view service, int argc, char** argv) {
  const auto wanted = parse({argv, argv + argc});
  if (!wanted) return complain(service, wanted.error().message, kUsage);
  http::Request request;
  request.url = wanted->url + "/log/level" + wanted->query;
  request.method = wanted->sets ? "PUT" : "GET";
  const auto response = ask_remote(std::move(request), wanted->remote);
  if (!response) return complain(service, response.error().message, 1);
  if (response->status != 200) return complain(service, response->body, 1);
  if (base::write_all(STDOUT_FILENO, response->body) == base::WriteEnd::kFailed)
    return complain(service, "stdout cannot be written to", 1);
  return 0;
}

}  // namespace outrigger::admin
