// A keeper in a process of its own, with a test in the places of supervisor and service: the same
// descriptors, the same words, log calls through the real log room.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "eventually.h"
#include "keeper/channel.h"
#include "segment/layout.h"
#include "segment/role.h"

namespace outrigger::keeper {

// What the program's main() does when it was started as a keeper; false otherwise.
bool be_keeper_if_asked(int argc, char** argv);

class Crew {
 public:
  struct Options {
    std::string logs = "stdout-json";
    bool declare = true;
    std::string admin = "127.0.0.1:0";
  };
  Crew() : Crew(Options()) {}
  explicit Crew(Options options);
  // Kills what still runs.
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  // Its stdout and stderr: by default files in memory.
  static constexpr int kInMemory = -1;
  static constexpr int kClosed = -2;
  void start_keeper(int stdout_fd = kInMemory);
  void kill_keeper(int signal);
  // The exit code; 128 + n for signal n; -1 when it does not end in time.
  int wait_for_keeper(int seconds = 20);
  // As the supervisor does when the service has ended, with waitid's words.
  void say_service_ended(int code, int status);
  void say_drain();
  void declare(std::string_view json);
  // Ends the channel: the supervisor is dead.
  void hang_up() { channel_.reset(); }

  segment::View view() const { return view_; }
  int keeper_pid() const { return keeper_; }
  std::string output() const;  // of the files in memory
  std::string complaints() const;
  const Options& options() const { return options_; }
  int out_pipe() const { return service_out_.get(); }  // what the service prints to
  int err_pipe() const { return service_err_.get(); }
  int channel() const { return channel_.get(); }
  const std::vector<int>& listeners() const { return listeners_; }
  // Takes the words and listening sockets that the keeper sent.
  std::vector<segment::Message> hear();
  // The service that the segment names; this process until told otherwise.
  void set_service_pid(int pid);

 private:
  Options options_;
  base::Fd segment_;
  base::Fd spool_;
  base::Fd service_bell_;
  base::Fd keeper_bell_;
  base::Fd captured_out_, service_out_;
  base::Fd captured_err_, service_err_;
  base::Fd channel_;
  base::Fd stdout_file_;
  base::Fd stderr_file_;
  segment::View view_;
  std::vector<int> listeners_;
  int keeper_ = -1;
  bool started_before_ = false;
};

// The value of a field of a flat JSON line; empty when it is not there.
std::string field_of(const std::string& line, std::string_view name);

}  // namespace outrigger::keeper
