// aws-emulator: AWS as far as Outrigger speaks to it, on loopback. See docs/reference/aws-emulator.md.
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/text.h"
#include "connection.h"
#include "http/listen.h"
#include "tls.h"

namespace {

using namespace outrigger;
using namespace outrigger::emulator;

constexpr const char* kHelp = R"(usage: aws-emulator [options]

A strict stand-in for AWS on this machine: CloudWatch Logs and metrics, instance metadata, container
credentials, STS, and what discovery asks. It verifies signatures, enforces every limit, injects
faults on demand, and counts what it took. It runs until it gets SIGTERM or SIGINT.

  --listen ADDR:PORT      plain HTTP, and the control endpoint /_emulator/ (default 127.0.0.1:0: picks one)
  --listen-tls ADDR:PORT  the same over TLS (default 127.0.0.1:0)
  --ca-file PATH          writes the authority's certificate there: point SSL_CERT_FILE at it
  --certificate KIND      good, expired or other-name (default good)
  --account FILE          JSON: tags, outputs, parameters … of the emulated account
  --keep BYTES            log messages kept for reading back (default 268435456)
  --keep-matching TEXT    keep only messages that contain TEXT; all are counted
  --warm BYTES            memory taken and touched ahead: a machine's page faults are not to slow the
                          first requests down, and whatever is measured beside them (default 0)
  --exit-with-parent      ends when the process that started it does
  --help

The first line on stdout names the addresses: "aws-emulator: http://… https://…".
Keys for the environment: AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s
)";

struct Options {
  std::string listen = "127.0.0.1:0";
  std::string listen_tls = "127.0.0.1:0";
  std::string ca_file;
  Certificate certificate = Certificate::kGood;
  std::string account_file;
  size_t warm_bytes = 0;
  Logs::Options logs;
};

int complain(const std::string& sentence, int status) {
  fprintf(stderr, "aws-emulator: %s\n", sentence.c_str());
  return status;
}

std::optional<size_t> parse_bytes(const std::string& value) {
  char* end = nullptr;
  const size_t bytes = strtoull(value.c_str(), &end, 10);
  if (value.empty() || *end != '\0') return std::nullopt;
  return bytes;
}

// A number at once, or the exit status that there is nothing more to do with.
std::optional<int> parse(int argc, char** argv, Options& into) {
  static const option kOptions[] = {{"listen", required_argument, nullptr, 'l'},
                                    {"listen-tls", required_argument, nullptr, 't'},
                                    {"ca-file", required_argument, nullptr, 'c'},
                                    {"certificate", required_argument, nullptr, 'k'},
                                    {"account", required_argument, nullptr, 'a'},
                                    {"keep", required_argument, nullptr, 'n'},
                                    {"keep-matching", required_argument, nullptr, 'm'},
                                    {"warm", required_argument, nullptr, 'w'},
                                    {"exit-with-parent", no_argument, nullptr, 'p'},
                                    {"help", no_argument, nullptr, 'h'},
                                    {}};
  for (;;) {
    const int found = getopt_long(argc, argv, "h", kOptions, nullptr);
    if (found == -1) break;
    const std::string value = optarg == nullptr ? "" : optarg;
    switch (found) {
      case 'l': into.listen = value; break;
      case 't': into.listen_tls = value; break;
      case 'c': into.ca_file = value; break;
      case 'a': into.account_file = value; break;
      case 'm': into.logs.keep_matching = value; break;
      case 'p': prctl(PR_SET_PDEATHSIG, SIGTERM); break;
      case 'n':
      case 'w': {
        const auto bytes = parse_bytes(value);
        if (!bytes)
          return complain(std::string(found == 'n' ? "--keep" : "--warm") + " \"" + value +
                              "\" will not do: expected a number of bytes",
                          2);
        (found == 'n' ? into.logs.keep_bytes_max : into.warm_bytes) = *bytes;
        break;
      }
      case 'k':
        if (value == "good") into.certificate = Certificate::kGood;
        else if (value == "expired") into.certificate = Certificate::kExpired;
        else if (value == "other-name") into.certificate = Certificate::kOtherName;
        else
          return complain(
              "--certificate \"" + value + "\" will not do: expected good, expired or other-name",
              2);
        break;
      case 'h': printf(kHelp, Identity::kAccessKey, Identity::kSecretKey); return 0;
      default: return 2;  // getopt has said why
    }
  }
  if (optind < argc)
    return complain("what is \"" + std::string(argv[optind]) + "\"? See --help", 2);
  return std::nullopt;
}

Result<void> load_account(const std::string& file, World& world) {
  std::ifstream stream(file);
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream) return failed("cannot read " + file);
  json::error_code error;
  const json::value parsed = json::parse(text.str(), error);
  if (error || !parsed.is_object()) return failed(file + " holds no JSON object");
  world.account().merge(parsed.get_object());
  return {};
}

// Complete from the moment that it is there: tests wait for it.
Result<void> write_file(const std::string& path, const std::string& text) {
  const std::string draft = path + ".new";
  {
    std::ofstream stream(draft, std::ios::trunc);
    stream << text;
    if (!stream.flush()) return failed("cannot write " + path);
  }
  if (std::rename(draft.c_str(), path.c_str()) != 0) return failed("cannot write " + path);
  return {};
}

void accept_all(int listener, SSL_CTX* tls, World& world) {
  for (;;) {
    pollfd ready{listener, POLLIN, 0};
    poll(&ready, 1, -1);
    base::Fd fd(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd) {
      if (errno == EMFILE || errno == ENFILE)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      continue;
    }
    // The process ends with all of them.
    std::thread([fd = std::move(fd), tls, &world]() mutable {
      serve(std::move(fd), tls, world);
    }).detach();
  }
}

// Into the one arena of all threads, which gives nothing back.
void warm(size_t bytes) {
  if (bytes == 0) return;
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
  void* const memory = malloc(bytes);
  if (memory == nullptr) return;
  memset(memory, 1, bytes);
  asm volatile("" : : "r"(memory) : "memory");  // else it is optimised away with the free
  free(memory);
}

int run(const Options& options) {
  warm(options.warm_bytes);
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  sigprocmask(SIG_BLOCK, &ends, nullptr);
  signal(SIGPIPE, SIG_IGN);
  http::raise_descriptor_limit(4096);

  World world(options.logs);
  if (!options.account_file.empty()) {
    const auto loaded = load_account(options.account_file, world);
    if (!loaded) return complain(loaded.error().message, 1);
  }
  auto tls = make_tls(options.certificate);
  if (!tls) return complain(tls.error().message, 1);
  if (!options.ca_file.empty()) {
    const auto written = write_file(options.ca_file, tls->authority_pem);
    if (!written) return complain(written.error().message, 1);
  }
  auto plain = http::listen_on(options.listen, "--listen");
  if (!plain) return complain(plain.error().message, 1);
  auto secure = http::listen_on(options.listen_tls, "--listen-tls");
  if (!secure) return complain(secure.error().message, 1);
  for (const auto& socket : *plain)
    std::thread(accept_all, socket.fd.get(), nullptr, std::ref(world)).detach();
  for (const auto& socket : *secure)
    std::thread(accept_all, socket.fd.get(), tls->context.get(), std::ref(world)).detach();
  printf("aws-emulator: http://%s https://%s\n", plain->front().address.c_str(),
         secure->front().address.c_str());
  fflush(stdout);
  int ended = 0;
  sigwait(&ends, &ended);
  _exit(0);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (const auto status = parse(argc, argv, options)) return *status;
  return run(options);
}
