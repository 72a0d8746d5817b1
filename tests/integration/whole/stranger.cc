// A program that brings everything that could clash: a global that starts a thread and opens a
// socket, its own EVP_* and SSL_* symbols as a BoringSSL would, another fmt, and a constructor with
// the earliest priority users may have. What was constructed is told through the file
// STRANGER_TRACE, one line a construction.
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

// Not OpenSSL's: whoever of ours called these would not survive.
extern "C" {
int EVP_Digest(...) { return 42; }
void* SSL_CTX_new(...) { abort(); }
void* EVP_MD_CTX_new(...) { abort(); }
int ERR_get_error(...) { return 4711; }
unsigned long crc32(unsigned long, const unsigned char*, unsigned) { return 7; }
}
// Not our fmt's.
namespace fmt {
inline namespace v9 {
namespace detail {
int vformat_to(...) { abort(); }
}  // namespace detail
}  // namespace v9
}  // namespace fmt

#include "outrigger/outrigger.h"

namespace {

void trace(const char* what) {
  const char* path = getenv("STRANGER_TRACE");
  if (path == nullptr) return;
  const int fd = open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);
  char line[128];
  const int n = snprintf(line, sizeof(line), "%s %d\n", what, getpid());
  if (write(fd, line, static_cast<size_t>(n)) != n) abort();
  close(fd);
}

__attribute__((constructor(101))) void earliest() { trace("earliest"); }

struct Global {
  Global() {
    trace("global");
    listener = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, reinterpret_cast<sockaddr*>(&any), sizeof(any)) != 0 ||
        listen(listener, 8) != 0)
      abort();
    worker = std::thread([this] {
      while (!stop.load()) {
        ++turns;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    });
    outrigger::log::info("logged by a constructor, before {what}", "main");
  }
  ~Global() {
    stop.store(true);
    worker.join();
  }
  std::atomic<bool> stop{false};
  std::atomic<int> turns{0};
  int listener = -1;
  std::thread worker;
};
Global g_global;

}  // namespace

int main(int argc, char** argv) {
  using namespace outrigger;
  Service stranger{{.name = "stranger", .about = "Clashes with everything."}};
  stranger.operation("evidence", "What the program's own symbols answer.")
      .read_only()
      .does([]() -> Result<Json> {
        std::string caught;
        try {
          throw std::runtime_error("thrown");
        } catch (const std::exception& error) {
          caught = error.what();
        }
        return Json{{"digest", EVP_Digest("abc")},
                    {"error", ERR_get_error()},
                    {"caught", caught},
                    {"turns", g_global.turns.load()}};
      });
  std::cout << "printed by main" << std::endl;
  return run(argc, argv, stranger);
}
