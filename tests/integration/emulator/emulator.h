// The strict AWS emulator as a child of a test: started on free ports, ended by its pid.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace outrigger::test {

class Emulator {
 public:
  // Further options, as for `aws-emulator`.
  explicit Emulator(std::vector<std::string> options = {});
  ~Emulator();
  Emulator(const Emulator&) = delete;
  Emulator& operator=(const Emulator&) = delete;

  bool started() const { return port_ != 0; }
  int port() const { return port_; }
  int tls_port() const { return tls_port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::string tls_url() const { return "https://localhost:" + std::to_string(tls_port_); }
  std::string ca_file() const { return directory_ + "/ca.pem"; }
  // "NAME=VALUE": region, static keys, endpoint over TLS, the CA file. No metadata service.
  std::vector<std::string> environment() const;
  // The same with nothing but the metadata service to get keys from.
  std::vector<std::string> instance_environment() const;

  // Of the control endpoint: the answer's body; empty when there was none.
  std::string control(std::string_view method, std::string_view what,
                      std::string_view body = "") const;
  void set_faults(std::string_view json) const { control("PUT", "faults", json); }
  void clear_faults() const { control("DELETE", "faults"); }
  void set_account(std::string_view json) const { control("PUT", "account", json); }
  std::string report() const { return control("GET", "report"); }
  std::string messages() const { return control("GET", "messages"); }
  // The number behind `"name":` in the report, looked for behind each of the names before it:
  // count({"logs", "keys", "distinct"}). -1 when it is not there.
  int64_t count(const std::vector<std::string>& path) const;
  int64_t violations() const { return count({"violations", "total"}); }

 private:
  std::string directory_;
  pid_t pid_ = -1;
  int port_ = 0;
  int tls_port_ = 0;
};

}  // namespace outrigger::test
