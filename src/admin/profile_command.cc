#include "admin/profile_command.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "admin/health_command.h"
#include "admin/profile_fetch.h"
#include "admin/profiles.h"
#include "base/fd.h"
#include "base/text.h"
#include "base/threads.h"
#include "http/client.h"

namespace outrigger::admin {
namespace {

constexpr int kUsage = 2;
constexpr int64_t kSecondsMax = 300;
constexpr int64_t kHzMax = 1000;
constexpr int64_t kCpuSeconds = 10;
// For the keeper's own work behind the time asked for.
constexpr std::chrono::seconds kPatience{60};
constexpr size_t kProfileBytesMax = 256u << 20;

struct Named {
  std::string_view kind;
  std::string_view path;
};
constexpr Named kKinds[] = {{"cpu", "profile"},    {"wall", "wall"},   {"heap", "heap"},
                            {"allocs", "allocs"},  {"mutex", "mutex"}, {"block", "block"},
                            {"threads", "threads"}};
constexpr const char* kKindsWord = "cpu, wall, heap, allocs, mutex, block, threads or fetch";

Result<int64_t> number(std::string_view option, std::string_view text, int64_t least,
                       int64_t most) {
  int64_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size() || value < least || value > most)
    return bad_input(
        option, text,
        "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return value;
}

int complain(std::string_view service, std::string_view sentence, int status) {
  base::write_line(STDERR_FILENO, service, ": ", sentence);
  return status;
}

// "cpu profile: 3 of 10 s", each second, on a terminal.
class Progress {
 public:
  Progress(const ProfileWanted& wanted, bool shown) {
    if (!shown || wanted.seconds == 0) return;
    thread_ = base::start_thread("progress", [this, wanted] { work(wanted); });
  }
  ~Progress() {
    if (!thread_.joinable()) return;
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    woken_.notify_all();
    thread_.join();
    base::write_all(STDERR_FILENO, "\r\x1b[K");
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

 private:
  void work(const ProfileWanted& wanted) {
    std::unique_lock lock(mutex_);
    for (int64_t second = 0; !over_; ++second) {
      const std::string text = second < wanted.seconds ? std::to_string(second) + " of " +
                                                             std::to_string(wanted.seconds) + " s"
                                                       : "being put together";
      base::write_all(STDERR_FILENO, "\r\x1b[K" + wanted.kind + " profile: " + text);
      woken_.wait_for(lock, std::chrono::seconds(1));
    }
  }

  std::mutex mutex_;
  std::condition_variable woken_;
  bool over_ = false;  // guarded by mutex_
  std::thread thread_;
};

Result<Instance> chosen(std::string_view service, int instance) {
  const auto running = running_instances(service);
  if (!running) return running.error();
  std::string pids;
  for (const Instance& each : *running) {
    if (each.supervisor_pid == instance || (running->size() == 1 && instance == 0)) return each;
    pids += (pids.empty() ? "" : ", ") + std::to_string(each.supervisor_pid);
  }
  if (running->empty())
    return Error{ErrorKind::kNotFound,
                 "is not running on this machine (for one elsewhere: go tool pprof "
                 "http://HOST:PORT/debug/pprof/...)",
                 {}};
  if (instance != 0) return bad_input("--instance", std::to_string(instance), "one of " + pids);
  return bad_input("--instance", "", "one of " + pids + ", since it runs several times here");
}

Result<std::string> fetch(std::string_view service, const ProfileWanted& wanted) {
  Instance instance;
  if (wanted.url.empty()) {
    auto found = chosen(service, wanted.instance);
    if (!found) return found.error();
    instance = std::move(*found);
  }
  http::Request request;
  request.url = (wanted.url.empty() ? "http://localhost" : wanted.url) + wanted.path;
  request.timeout = std::chrono::seconds(wanted.seconds) + kPatience;
  request.response_bytes_max = kProfileBytesMax;
  const Progress progress(wanted, isatty(STDERR_FILENO) == 1);
  auto response = wanted.url.empty() ? http::fetch_unix(instance.address, instance.uid, request)
                                     : ask_remote(std::move(request), wanted.remote);
  if (!response) return response.error();
  if (response->status == 200) return std::move(response->body);
  std::string& sentence = response->body;
  while (!sentence.empty() && sentence.back() == '\n') sentence.pop_back();
  return failed(sentence.empty() ? "HTTP status " + std::to_string(response->status) : sentence);
}

Result<void> put(const std::string& output, std::string_view bytes) {
  if (output == "-") {
    if (base::write_all(STDOUT_FILENO, bytes) == base::WriteEnd::kFailed)
      return failed("stdout cannot be written to");
    return {};
  }
  constexpr int kNew = O_WRONLY | O_CREAT | O_TRUNC;  // tidy: disk because a command is told to
  const base::Fd file(open(output.c_str(), kNew | O_CLOEXEC, 0666));
  if (!file || base::write_all(file.get(), bytes) == base::WriteEnd::kFailed)
    return failed(output + " cannot be written: " + std::string(base::error_text(errno)));
  return {};
}

constexpr size_t kLogBytesMax = 512u << 20;

Result<std::string> all_of_stdin() {
  std::string text;
  char bytes[64 << 10];
  for (;;) {
    const ssize_t size = read(STDIN_FILENO, bytes, sizeof(bytes));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return failed("stdin cannot be read: " + std::string(base::error_text(errno)));
    if (size == 0) return text;
    text.append(bytes, static_cast<size_t>(size));
    if (text.size() > kLogBytesMax) return failed("more than 512 MB of log on stdin");
  }
}

// What `profile fetch` is to find: at that place itself, or by way of the log on stdin.
Result<FetchedProfile> fetched_profile(const std::string& name) {
  FetchedProfile profile;
  if (name.starts_with(kStoredScheme)) {
    profile.stored = name;
    profile.name = name.substr(name.rfind('/') + 1);
    if (profile.name.ends_with(".pb.gz")) profile.name.resize(profile.name.size() - 6);
  } else {
    const auto log = all_of_stdin();
    if (!log) return log.error();
    auto found = profile_in(*log, name);
    if (!found || found->stored.empty()) return found;
    profile = std::move(*found);
  }
  auto bytes = stored_profile(profile.stored);
  if (!bytes) return bytes.error();
  profile.bytes = std::move(*bytes);
  return profile;
}

// `profile fetch [NAME] [-o FILE] < LOG`, `profile fetch s3://BUCKET/KEY [-o FILE]`
int fetch_command(std::string_view service, int argc, char** argv) {
  std::string name;
  std::string output;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const bool is_output = word == "-o" || word == "--output";
    if (is_output && i + 1 < argc) {
      output = argv[++i];
    } else if (!is_output && !word.starts_with('-') && name.empty()) {
      name = word;
    } else {
      return complain(
          service,
          bad_input("profile fetch", word, "a profile's name or s3://BUCKET/KEY, -o FILE").message,
          kUsage);
    }
  }
  const auto profile = fetched_profile(name);
  if (!profile) return complain(service, profile.error().message, 1);
  if (output.empty()) output = isatty(STDOUT_FILENO) == 1 ? profile->name + ".pb.gz" : "-";
  if (const auto done = put(output, profile->bytes); !done)
    return complain(service, done.error().message, 1);
  return 0;
}

}  // namespace

Result<ProfileWanted> parse_profile_words(const std::vector<std::string_view>& given_words) {
  std::vector<std::string_view> words;  // "--seconds=3" as two
  for (const std::string_view word : given_words) {
    const size_t equals = word.starts_with('-') ? word.find('=') : std::string_view::npos;
    words.push_back(word.substr(0, equals));
    if (equals != std::string_view::npos) words.push_back(word.substr(equals + 1));
  }
  ProfileWanted wanted;
  std::string_view path;
  int64_t hz = 0;
  bool seconds_given = false;
  std::string since;
  for (size_t i = 0; i < words.size(); ++i) {
    std::string_view word = words[i];
    const auto taken = take_remote_word(words, i, wanted.remote);
    if (!taken) return taken.error();
    if (*taken) continue;
    if (take_url(word, wanted.url)) continue;
    if (word == "-" || !word.starts_with('-')) {
      if (!path.empty() || word == "-")
        return bad_input("profile", word, "one kind of profile, and options");
      for (const Named& each : kKinds)
        if (each.kind == word) path = each.path;
      if (path.empty()) return bad_input("profile", word, kKindsWord);
      wanted.kind = word;
      continue;
    }
    word.remove_prefix(word.starts_with("--") ? 2 : 1);
    if (word == "text") {
      wanted.text = true;
      continue;
    }
    if (word != "seconds" && word != "hz" && word != "since" && word != "o" && word != "output" &&
        word != "instance")
      return bad_input("profile", words[i], "--seconds, --hz, --since, -o, --text or --instance");
    if (i + 1 == words.size()) return bad_input("profile", words[i], "a value behind it");
    const std::string_view value = words[++i];
    if (word == "o" || word == "output") {
      if (value.empty()) return bad_input("-o", value, "a file's name, or - for stdout");
      wanted.output = value;
      continue;
    }
    if (word == "since") {
      if (const auto back = since_seconds(value); !back) return back.error();
      since = value;
      continue;
    }
    const bool is_seconds = word == "seconds";
    const auto given = number(words[i - 1], value, is_seconds ? 0 : 1,
                              is_seconds     ? kSecondsMax
                              : word == "hz" ? kHzMax
                                             : INT32_MAX);
    if (!given) return given.error();
    if (is_seconds) {
      wanted.seconds = *given;
      seconds_given = true;
    } else if (word == "hz") {
      hz = *given;
    } else {
      wanted.instance = static_cast<int>(*given);
    }
  }
  if (const std::string wrong = wrong_with(wanted.remote, wanted.url); !wrong.empty())
    return Error{ErrorKind::kBadInput, wrong, {}};
  if (path.empty()) return bad_input("profile", "", std::string(kKindsWord) + " behind it");
  const bool of_time = wanted.kind == "cpu" || wanted.kind == "wall";
  if (of_time && !seconds_given && since.empty()) wanted.seconds = kCpuSeconds;
  // What a kind does not take, the service refuses with its own sentence.
  wanted.path = "/debug/pprof/" + std::string(path) + "?debug=" + (wanted.text ? "1" : "0");
  if (seconds_given || (of_time && since.empty()))
    wanted.path += "&seconds=" + std::to_string(wanted.seconds);
  if (!since.empty()) wanted.path += "&since=" + since;
  if (hz != 0) wanted.path += "&hz=" + std::to_string(hz);
  return wanted;
}

int profile_command(std::string_view service, int argc, char** argv) {
  if (argc > 0 && std::string_view(argv[0]) == "fetch") return fetch_command(service, argc, argv);
  auto wanted = parse_profile_words({argv, argv + argc});
  if (!wanted) return complain(service, wanted.error().message, kUsage);
  if (wanted->output.empty()) {
    const bool readable = wanted->text || isatty(STDOUT_FILENO) != 1;
    wanted->output = readable ? "-" : std::string(service) + "-" + wanted->kind + ".pb.gz";
  }
  const auto profile = fetch(service, *wanted);
  if (!profile) return complain(service, profile.error().message, 1);
  if (const auto done = put(wanted->output, *profile); !done)
    return complain(service, done.error().message, 1);
  if (wanted->output != "-" && isatty(STDERR_FILENO) == 1) {
    base::write_line(STDERR_FILENO, wanted->output, ": look at it with go tool pprof ",
                     wanted->output);
  }
  return 0;
}

}  // namespace outrigger::admin
