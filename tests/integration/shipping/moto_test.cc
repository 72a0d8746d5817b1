// Against moto, for semantics that the project's own emulator might share a mistake about: group and
// stream, and a real PutMetricFilter whose pattern the entries have to match.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "logged.h"

namespace outrigger::whole {
namespace {

int free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return ntohs(address.sin_port);
}

// One call of CloudWatch Logs; moto looks at no signature here, but at the scope for the service.
std::string logs_call(int port, const std::string& operation, const std::string& body) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    const std::string request =
        "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: "
        "application/x-amz-json-1.1\r\nX-Amz-Target: Logs_20140328." +
        operation +
        "\r\nAuthorization: AWS4-HMAC-SHA256 "
        "Credential=test/20261124/us-east-1/logs/aws4_request, SignedHeaders=host, "
        "Signature=0\r\nContent-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body;
    send(fd, request.data(), request.size(), MSG_NOSIGNAL);
    char bytes[65536];
    for (ssize_t count; (count = recv(fd, bytes, sizeof bytes, 0)) > 0;)
      answer.append(bytes, static_cast<size_t>(count));
  }
  close(fd);
  return answer;
}

class Moto {
 public:
  Moto() : port_(free_port()) {
    const std::string port = std::to_string(port_);
    pid_ = fork();
    if (pid_ == 0) {
      setpgid(0, 0);
      const int null = open("/dev/null", O_RDWR);
      dup2(null, STDOUT_FILENO);
      dup2(null, STDERR_FILENO);
      execl(MOTO_SERVER, MOTO_SERVER, "-p", port.c_str(), nullptr);
      _exit(127);
    }
    started_ = eventually(60s, [&] { return http(port_, "/moto-api/data.json").status == 200; });
  }
  ~Moto() {
    kill(-pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  bool started() const { return started_; }
  int port() const { return port_; }

 private:
  int port_;
  pid_t pid_ = -1;
  bool started_ = false;
};

TEST(ShippingMoto, entries_arrive_and_the_metric_filter_of_an_alarm_fits_them) {
  const Moto moto;
  ASSERT_TRUE(moto.started());
  CountsFile counts;
  StartOptions options;
  options.environment = {"AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=test",
                         "AWS_SECRET_ACCESS_KEY=test", "AWS_EC2_METADATA_DISABLED=true",
                         "AWS_ENDPOINT_URL=http://127.0.0.1:" + std::to_string(moto.port())};
  Program program(LOGGER,
                  {"run", "--logs", "cloudwatch", "--counts", counts.path(), "--threads", "1",
                   "--rate", "200", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"},
                  options);
  const std::string group = R"("logGroupName":"/outrigger/logger/local")";
  ASSERT_TRUE(eventually(
      60s,
      [&] {
        return logs_call(moto.port(), "FilterLogEvents", "{" + group + "}").find("\\\"n\\\":100") !=
               std::string::npos;
      }))
      << program.err() << http(program.admin_port(), "/health").body;
  const std::string put = logs_call(
      moto.port(), "PutMetricFilter",
      "{" + group +
          R"(,"filterName":"errors","filterPattern":"{ $.level = \"FATAL\" }","metricTransformations":[{"metricName":"Errors","metricNamespace":"logger","metricValue":"1"}]})");
  EXPECT_NE(put.find("200 OK"), std::string::npos) << put;
  EXPECT_NE(logs_call(moto.port(), "DescribeMetricFilters", "{" + group + "}").find("errors"),
            std::string::npos);
  kill(counts->service_pid.load(), SIGKILL);
  EXPECT_EQ(program.exit_status(60s), 128 + SIGKILL);
  // moto keeps filters and evaluates none; that the pattern fits is shown against the project's own
  // emulator (shipping_test.cc).
  const std::string events = logs_call(moto.port(), "FilterLogEvents",
                                       "{" + group + R"(,"filterPattern":"\"service ended\""})");
  EXPECT_NE(events.find("\\\"level\\\":\\\"FATAL\\\""), std::string::npos) << events;
}

}  // namespace
}  // namespace outrigger::whole
