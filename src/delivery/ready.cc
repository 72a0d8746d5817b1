#include "delivery/ready.h"

#include "admin/health_command.h"
#include "delivery/files.h"
#include "http/client.h"

namespace outrigger::delivery {
namespace {

constexpr std::chrono::milliseconds kPatience{2'000};

}  // namespace

bool answers_ready(const std::string& service, pid_t supervisor, const std::string& program) {
  if (supervisor <= 0 || !same_file("/proc/" + std::to_string(supervisor) + "/exe", program))
    return false;
  const auto running = admin::running_instances(service);
  if (!running) return false;
  for (const admin::Instance& instance : *running) {
    if (instance.supervisor_pid != supervisor) continue;
    http::Request request;
    request.url = "http://localhost/readyz";
    request.timeout = kPatience;
    const auto answer = http::fetch_unix(instance.address, instance.uid, request);
    return answer && answer->status == 200;
  }
  return false;
}

}  // namespace outrigger::delivery
