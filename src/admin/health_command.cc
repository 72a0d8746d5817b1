#include "admin/health_command.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <iterator>

#include "admin/remote.h"
#include "admin/router.h"
#include "base/fd.h"
#include "base/text.h"
#include "http/client.h"

namespace outrigger::admin {
namespace {

constexpr std::chrono::milliseconds kPatience{5'000};
constexpr int kUsage = 2;

struct Wanted {
  std::string url;  // empty: the instances of this machine
  bool json = false;
  Remote remote;
};

// What one of them said, or why it did not.
struct Answer {
  Instance instance;
  Result<http::Response> response = failed("not asked");
};

Result<std::string> whole_file(const char* path) {
  const base::Fd fd(open(path, O_RDONLY | O_CLOEXEC));
  std::string text;
  char bytes[16384];
  ssize_t count = fd ? read(fd.get(), bytes, sizeof bytes) : -1;
  for (; count > 0; count = read(fd.get(), bytes, sizeof bytes))
    text.append(bytes, static_cast<std::size_t>(count));
  if (count < 0)
    return failed(std::string(path) + " cannot be read: " + std::string(base::error_text(errno)));
  return text;
}

Result<Wanted> parse(int argc, char** argv) {
  Wanted wanted;
  for (int i = 0; i < argc; ++i) {
    const std::string_view word = argv[i];
    const auto taken = take_remote_word({argv, argv + argc}, i, wanted.remote);
    if (!taken) return taken.error();
    if (*taken) continue;
    if (word == "--json" || word == "-json") {
      wanted.json = true;
    } else if (word.starts_with('-') || word.empty() || !wanted.url.empty()) {
      return Error{ErrorKind::kBadInput,
                   "health takes a URL and --json; what is \"" + std::string(word) + "\"?",
                   {}};
    } else {
      wanted.url = word;
    }
  }
  if (const std::string wrong = wrong_with(wanted.remote, wanted.url); !wrong.empty())
    return Error{ErrorKind::kBadInput, wrong, {}};
  if (!wanted.url.empty()) {
    if (wanted.url.find("://") == std::string::npos) wanted.url.insert(0, "http://");
    const std::size_t path = wanted.url.find('/', wanted.url.find("://") + 3);
    if (path == std::string::npos) {
      wanted.url += "/health";
    } else if (path + 1 == wanted.url.size()) {
      wanted.url += "health";
    }
  }
  return wanted;
}

http::Request request_for(std::string url) {
  http::Request request;
  request.url = std::move(url);
  request.headers = {{"Accept", "application/json"}};
  request.timeout = kPatience;
  return request;
}

Paint paint_of_stdout() {
  const char* none = getenv("NO_COLOR");
  const char* terminal = getenv("TERM");
  const bool dumb = terminal == nullptr || std::string_view(terminal) == "dumb";
  return isatty(STDOUT_FILENO) == 1 && (none == nullptr || *none == '\0') && !dumb ? Paint::kColours
                                                                                   : Paint::kPlain;
}

int complain(std::string_view service, std::string_view sentence, int status) {
  base::write_line(STDERR_FILENO, service, ": ", sentence);
  return status;
}

std::vector<Answer> ask(std::vector<Instance> instances) {
  std::vector<Answer> answers;
  for (Instance& instance : instances) {
    auto response =
        http::fetch_unix(instance.address, instance.uid, request_for("http://localhost/health"));
    // Anyone can listen under a name that promises another user: that is no instance, and none of
    // its words count.
    if (!response && response.error().kind == ErrorKind::kRefused) continue;
    answers.push_back({std::move(instance), std::move(response)});
  }
  return answers;
}

// The page as text, in JSON or in words; `status` becomes what it says.
Result<std::string> shown(const http::Response& response, bool json, bool alone, Paint paint,
                          Status& status) {
  auto text =
      alone ? health_text(response.body, paint, status) : health_line(response.body, paint, status);
  if (!text && response.status != 200 && response.status != 503) {
    return failed("it answered with HTTP status " + std::to_string(response.status));
  }
  return text && json ? Result<std::string>(response.body) : text;
}

int print(std::string_view service, const std::vector<Answer>& answers, bool json) {
  const Paint paint = paint_of_stdout();
  const bool alone = answers.size() == 1;
  int exit_status = 0;
  std::string out;
  for (const Answer& answer : answers) {
    Status status = Status::kFail;
    auto text = answer.response ? shown(*answer.response, json, alone, paint, status)
                                : Result<std::string>(answer.response.error());
    if (status == Status::kFail) exit_status = 1;
    const std::string who = alone ? "" : std::to_string(answer.instance.supervisor_pid) + ": ";
    if (!text) {
      complain(service, who + text.error().message, 1);
      exit_status = 1;
    } else if (json) {
      out += out.empty() ? "" : ",\n";
      out += *text;
    } else {
      out += who + *text;
    }
  }
  if (json && !alone) out = "[" + out + "]\n";
  if (base::write_all(STDOUT_FILENO, out) == base::WriteEnd::kFailed) {
    return complain(service, "stdout cannot be written to", 1);
  }
  return exit_status;
}

}  // namespace

std::vector<Instance> find_instances(std::string_view proc_net_unix, std::string_view service,
                                     std::string_view suffix) {
  // Num RefCount Protocol Flags Type St Inode Path; sockets that were accepted bear the listener's
  // path too.
  constexpr std::string_view kListening = " 00010000 ";
  constexpr std::string_view kPrefix = " @outrigger/";
  std::vector<Instance> found;
  while (!proc_net_unix.empty()) {
    const std::size_t end = std::min(proc_net_unix.find('\n'), proc_net_unix.size());
    const std::string_view line = proc_net_unix.substr(0, end);
    proc_net_unix.remove_prefix(std::min(end + 1, proc_net_unix.size()));
    const std::size_t at = line.find(kPrefix);
    if (at == std::string_view::npos ||
        line.substr(0, at).find(kListening) == std::string_view::npos)
      continue;
    std::string_view name = line.substr(at + 1);
    if (!name.ends_with(suffix)) continue;
    name.remove_suffix(suffix.size());
    Instance instance;
    const std::string_view uid = line.substr(at + kPrefix.size());
    std::from_chars(uid.data(), uid.data() + uid.size(), instance.uid);
    const std::string_view pid = name.substr(name.rfind('/') + 1);
    std::from_chars(pid.data(), pid.data() + pid.size(), instance.supervisor_pid);
    instance.address = socket_address(instance.uid, service, instance.supervisor_pid);
    // Whatever was misread on the way would not give the same name again.
    if (instance.address != std::string("unix:").append(name)) continue;
    instance.address += suffix;
    found.push_back(std::move(instance));
  }
  std::sort(found.begin(), found.end(), [](const Instance& a, const Instance& b) {
    return a.supervisor_pid < b.supervisor_pid;
  });
  return found;
}

std::vector<Instance> own_first(std::vector<Instance> instances, uint32_t uid) {
  std::vector<Instance> own;
  std::copy_if(instances.begin(), instances.end(), std::back_inserter(own),
               [&](const Instance& one) { return one.uid == uid; });
  return own.empty() ? instances : own;
}

Result<std::vector<Instance>> running_instances(std::string_view service, std::string_view suffix) {
  const auto sockets = whole_file("/proc/net/unix");
  if (!sockets) return sockets.error();
  return own_first(find_instances(*sockets, service, suffix), geteuid());
}

int health_command(std::string_view service, int argc, char** argv) {
  const auto wanted = parse(argc, argv);
  if (!wanted) return complain(service, wanted.error().message, kUsage);
  std::vector<Answer> answers;
  if (!wanted->url.empty()) {
    answers.emplace_back().response = ask_remote(request_for(wanted->url), wanted->remote);
  } else {
    auto running = running_instances(service);
    if (!running)
      return complain(service, running.error().message + "; give the URL of the admin port", 1);
    answers = ask(std::move(*running));
  }
  if (answers.empty()) {
    return complain(
        service,
        "is not running on this machine (for one elsewhere, give the URL of its admin port)", 1);
  }
  return print(service, answers, wanted->json);
}

}  // namespace outrigger::admin
