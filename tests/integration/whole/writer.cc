// Tries to change the disk in every way: GET /try?directory=... says what each attempt got.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "outrigger/confine.h"
#include "outrigger/outrigger.h"

OUTRIGGER_WRITES(WRITER_ALLOWED)

namespace {

using namespace outrigger;

std::string word(bool done) { return done ? "done" : strerrorname_np(errno); }

std::string opens(const std::string& file, int flags) {
  const int fd = open(file.c_str(), flags | O_CLOEXEC, 0600);
  const std::string said = word(fd >= 0);
  if (fd >= 0) close(fd);
  return said;
}

// `directory` holds the files "old" and "gone", and the directory "empty".
Json try_all(const std::string& directory) {
  const auto at = [&](const char* name) { return directory + "/" + name; };
  return Json{{"read", opens(at("old"), O_RDONLY)},
              {"write", opens(at("old"), O_WRONLY)},
              {"create", opens(at("new"), O_WRONLY | O_CREAT)},
              {"truncate", word(truncate(at("old").c_str(), 0) == 0)},
              {"rename", word(rename(at("old").c_str(), at("other").c_str()) == 0)},
              {"link", word(symlink("old", at("link").c_str()) == 0)},
              {"mkdir", word(mkdir(at("made").c_str(), 0700) == 0)},
              {"rmdir", word(rmdir(at("empty").c_str()) == 0)},
              {"unlink", word(unlink(at("gone").c_str()) == 0)},
              {"null", opens("/dev/null", O_WRONLY)},
              {"shm", opens("/dev/shm", O_RDWR | O_TMPFILE)}};
}

Json in_a_thread(const std::string& directory) {
  Json said;
  std::thread([&] { said = try_all(directory); }).join();
  return said;
}

// What a program that it starts gets: sh's exit status.
int after_exec(const std::string& directory) {
  const pid_t child = fork();
  if (child == 0) {
    const std::string command = "echo x 2>/dev/null > " + directory + "/by_sh";
    execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

}  // namespace

int main(int argc, char** argv) {
  static int held = -1;
  Service writer{{.name = "writer", .about = "Tries to write."}};
  writer.operation("try", "Every way to change the disk.")
      .arg<std::string>("directory", "where")
      .does([](const std::string& directory) -> Result<Json> {
        return Json{{"here", try_all(directory)},
                    {"thread", in_a_thread(directory)},
                    {"sh", after_exec(directory)}};
      });
  writer.operation("hold", "Keeps a file open for writing.")
      .arg<std::string>("file", "which")
      .does([](const std::string& file) -> Result<Json> {
        held = open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        return Json{{"held", held >= 0}};
      });
  return run(argc, argv, writer);
}
