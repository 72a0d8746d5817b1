#include "ops/ask.h"

#include <unistd.h>

#include <vector>

#include "admin/health_command.h"
#include "admin/router.h"
#include "http/client.h"

namespace outrigger::ops {
namespace {

constexpr std::string_view kSuffix = "/operations";

Result<admin::Instance> chosen(const std::vector<admin::Instance>& running,
                               const Question& question) {
  std::string pids;
  for (const admin::Instance& each : running) {
    if (each.supervisor_pid == question.instance || (running.size() == 1 && question.instance == 0))
      return each;
    pids += (pids.empty() ? "" : ", ") + std::to_string(each.supervisor_pid);
  }
  if (running.empty())
    return Error{ErrorKind::kNotFound, "is not running on this machine, and is to be asked", {}};
  if (question.instance != 0)
    return bad_input("--instance", std::to_string(question.instance), "one of " + pids);
  return Error{ErrorKind::kBadInput,
               "runs several times here: say which one with --instance, one of " + pids,
               "instance"};
}

}  // namespace

std::string service_socket(std::string_view service, int supervisor_pid) {
  return admin::socket_address(geteuid(), service, supervisor_pid).append(kSuffix);
}

Result<http::Response> ask(const Question& question) {
  auto running = admin::running_instances(question.service, kSuffix);
  if (!running) return running.error();
  const auto instance = chosen(*running, question);
  if (!instance) return instance.error();
  http::Request request;
  request.url = "http://localhost" + question.target;
  request.method = question.method;
  request.timeout = question.timeout;
  request.on_body = question.on_body;
  return http::fetch_unix(instance->address, instance->uid, request);
}

}  // namespace outrigger::ops
