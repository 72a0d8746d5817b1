// Locators that are no part of AWS: Consul's catalog, as its documentation has it, and DNS SRV from
// a real name server. In a network of the test's own, where port 53 is free: the resolver knows no
// other.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <fstream>
#include <mutex>
#include <thread>

#include "base/fd.h"
#include "harness.h"
#include "inside.h"

namespace outrigger::whole {
namespace {

bool write_file(const std::string& path, const std::string& text) {
  std::ofstream stream(path);
  stream << text;
  return stream.flush().good();
}

// This process, and what it starts, in a network with nothing but loopback and a resolver of its
// own. False where that is not allowed.
bool enter_own_network(const Scratch& scratch) {
  const uid_t uid = geteuid();
  const gid_t gid = getegid();
  if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) != 0) return false;
    if (!write_file("/proc/self/setgroups", "deny") ||
        !write_file("/proc/self/uid_map", "0 " + std::to_string(uid) + " 1") ||
        !write_file("/proc/self/gid_map", "0 " + std::to_string(gid) + " 1"))
      return false;
  }
  const base::Fd socket_fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq loopback{};
  strcpy(loopback.ifr_name, "lo");
  if (ioctl(socket_fd.get(), SIOCGIFFLAGS, &loopback) != 0) return false;
  loopback.ifr_flags = static_cast<short>(loopback.ifr_flags | IFF_UP);
  if (ioctl(socket_fd.get(), SIOCSIFFLAGS, &loopback) != 0) return false;
  const std::string resolver = scratch.path("resolv.conf");
  return write_file(resolver, "nameserver 127.0.0.1\n") &&
         mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount(resolver.c_str(), "/etc/resolv.conf", nullptr, MS_BIND, nullptr) == 0;
}

// Answers every request with what it is told; keeps the last one's head.
class Catalog {
 public:
  Catalog() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof in;
    bind(listener_.get(), reinterpret_cast<sockaddr*>(&in), sizeof in);
    listen(listener_.get(), 16);
    getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&in), &size);
    port_ = ntohs(in.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~Catalog() {
    shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  void say(int status, std::string body) {
    const std::lock_guard lock(mutex_);
    status_ = status;
    body_ = std::move(body);
  }
  std::string last_request() {
    const std::lock_guard lock(mutex_);
    return request_;
  }

 private:
  void run() {
    for (;;) {
      const base::Fd fd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!fd) return;
      std::string head;
      char byte;
      while (!head.ends_with("\r\n\r\n") && recv(fd.get(), &byte, 1, 0) == 1) head += byte;
      const std::lock_guard lock(mutex_);
      request_ = head;
      const std::string answer = "HTTP/1.1 " + std::to_string(status_) +
                                 " x\r\nConnection: close\r\nContent-Type: application/json\r\n"
                                 "Content-Length: " +
                                 std::to_string(body_.size()) + "\r\n\r\n" + body_;
      (void)!send(fd.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
    }
  }

  base::Fd listener_;
  int port_ = 0;
  std::mutex mutex_;
  int status_ = 200;  // guarded by mutex_, as is the rest
  std::string body_ = "[]";
  std::string request_;
  std::thread thread_;
};

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

class Locators : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    static const Scratch scratch;
    allowed_ = enter_own_network(scratch);
  }
  void SetUp() override {
    if (!allowed_) GTEST_SKIP() << "no right to a network of its own here";
  }
  Program service(std::vector<std::string> environment) {
    environment.emplace_back("OUTRIGGER_ENVIRONMENT=production");
    return {LOCATED,
            {"run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--logs", "stdout-json"},
            {std::move(environment), {}, {}}};
  }
  static bool tells(Program& program, const char* part) {
    const int port = program.service_port();
    return eventually(kPatience, [&] { return has(whole::http(port, "/tell").body, part); });
  }
  static bool page_has(Program& program, const char* part) {
    return eventually(kPatience,
                      [&] { return has(inside("located", program.pid(), "/health"), part); });
  }
  static void stop(Program& program) {
    kill(program.pid(), SIGTERM);
    EXPECT_EQ(program.exit_status(kPatience), 0) << program.err();
  }

  static inline bool allowed_ = false;
};

// https://developer.hashicorp.com/consul/api-docs/health: "List Nodes for Service".
std::string entry(const char* node, const char* address, int port) {
  return R"({"Node": {"ID": "40e4a748-2192-161a-0510-9bf59fe950b5", "Node": "foobar", "Address": ")" +
         std::string(node) + R"(", "Datacenter": "dc1", "Meta": {"instance_type": "t2.medium"}},
    "Service": {"ID": "carts", "Service": "carts", "Tags": ["primary"], "Address": ")" +
         address + R"(", "Port": )" + std::to_string(port) +
         R"(, "Weights": {"Passing": 10, "Warning": 1}},
    "Checks": [{"Node": "foobar", "CheckID": "service:carts", "Status": "passing", "Output": ""}]})";
}

TEST_F(Locators, consuls_healthy_ones_are_followed) {
  Catalog consul;
  consul.say(200, "[" + entry("10.1.10.12", "10.1.10.13", 8000) + "," +
                      entry("10.1.10.14", "", 8001) + "," + entry("10.1.10.15", "fd00::1", 8002) +
                      "]");
  Program program = service({"CONSUL_HTTP_ADDR=" + consul.address(), "CONSUL_HTTP_TOKEN=a-token"});
  EXPECT_TRUE(tells(program, R"("carts":"10.1.10.13:8000,10.1.10.14:8001,[fd00::1]:8002")"));
  const std::string request = consul.last_request();
  EXPECT_TRUE(request.starts_with("GET /v1/health/service/carts?passing=true HTTP/1.1\r\n"))
      << request;
  EXPECT_TRUE(has(request, "X-Consul-Token: a-token\r\n")) << request;

  consul.say(200, "[" + entry("10.1.10.12", "10.1.10.20", 8000) + "]");
  EXPECT_TRUE(tells(program, R"("carts":"10.1.10.20:8000")"));
  consul.say(500, "No cluster leader");
  EXPECT_TRUE(page_has(program, "locator Carts keeps its last good list: Consul carts: HTTP 500"));
  consul.say(200, "{\"no\":\"array\"}");
  EXPECT_TRUE(page_has(program, "keeps its last good list: Consul carts: the answer is no JSON"));
  consul.say(200, "[]");
  EXPECT_TRUE(page_has(program, "keeps its last good list: Consul carts has no address"));
  EXPECT_TRUE(tells(program, R"("carts":"10.1.10.20:8000")"));
  consul.say(200, "[" + entry("10.1.10.12", "10.1.10.21", 8000) + "]");
  EXPECT_TRUE(tells(program, R"("carts":"10.1.10.21:8000")"));
  stop(program);
}

#ifdef DNSMASQ
Program name_server(std::vector<std::string> records) {
  std::vector<std::string> words = {"--no-daemon",       "--conf-file=/dev/null",
                                    "--no-resolv",       "--no-hosts",
                                    "--user=root",       "--group=root",
                                    "--pid-file",        "--port=53",
                                    "--bind-interfaces", "--listen-address=127.0.0.1",
                                    "--local=/test/"};
  for (std::string& record : records)
    words.push_back("--srv-host=_stock._tcp.shop.test," + std::move(record));
  return {DNSMASQ, words};
}

TEST_F(Locators, the_targets_of_a_dns_record_are_followed) {
  Program program = service({});
  EXPECT_TRUE(tells(program, R"("stock":"")"));
  {
    // Name, port, priority, weight.
    const Program dns = name_server({"b.shop.test,8081,20,1", "a.shop.test,8080,10,5"});
    EXPECT_TRUE(tells(program, R"("stock":"a.shop.test:8080,b.shop.test:8081")")) << dns.err();
  }
  EXPECT_TRUE(page_has(program,
                       "locator Stock keeps its last good list: DNS SRV _stock._tcp.shop.test: no "
                       "name server answers"));
  EXPECT_TRUE(tells(program, R"("stock":"a.shop.test:8080,b.shop.test:8081")"));
  {
    const Program dns = name_server({"c.shop.test,9,1,1"});
    EXPECT_TRUE(tells(program, R"("stock":"c.shop.test:9")")) << dns.err();
  }
  // One that knows of no such name.
  const Program dns = name_server({});
  EXPECT_TRUE(page_has(program, "DNS SRV _stock._tcp.shop.test has no address"));
  EXPECT_TRUE(tells(program, R"("stock":"c.shop.test:9")"));
  stop(program);
}
#endif

}  // namespace
}  // namespace outrigger::whole
