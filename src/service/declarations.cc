#include "service/declarations.h"

#include <unistd.h>

#include <cstring>

#include "outrigger/version.h"
#include "service/alarms.h"

namespace outrigger::service {
namespace {

Json texts(const std::vector<std::string>& list) {
  Json array = Json::array();
  for (const std::string& each : list) array.push_back(each);
  return array;
}

Json system_names(const metrics::SystemOptions& options) {
  Json array = Json::array();
  for (const metrics::SystemMetric& each : sent_system_metrics(options))
    array.push_back(std::string(each.name));
  return array;
}

}  // namespace

namespace {

// What `run` would do, also where this is a command.
std::string logs_of_run(const Declared& declared) {
  if (!declared.options.logs.empty()) return declared.options.logs;
  if (declared.environment.kind == EnvironmentKind::kLocal) return "stdout-text";
  return declared.environment.in_aws ? "cloudwatch" : "stdout-json";
}

std::string metrics_of_run(const Declared& declared) {
  if (!declared.options.metrics.empty()) return declared.options.metrics;
  const bool local = declared.environment.kind == EnvironmentKind::kLocal;
  return !local && declared.environment.in_aws ? "cloudwatch" : "none";
}

}  // namespace

std::string logs_of(const Declared& declared) {
  // `prober probe ... | jq` must meet the result alone.
  if (declared.manner == Manner::kCommand)
    return isatty(STDOUT_FILENO) == 1 ? "stdout-text" : "stderr-text";
  return logs_of_run(declared);
}

std::string metrics_of(const Declared& declared) {
  return declared.manner == Manner::kCommand ? "none" : metrics_of_run(declared);
}

std::string admin_of(const Declared& declared) {
  if (!declared.options.admin.empty()) return declared.options.admin;
  return declared.environment.kind == EnvironmentKind::kLocal ? "127.0.0.1:8081" : "0.0.0.0:8081";
}

Json declarations_json(const Declared& declared) {
  const ServiceOptions& service = declared.parts.options;
  const std::string logs = logs_of_run(declared);
  const bool serves = !declared.parts.operations.empty() && declared.manner != Manner::kCommand;
  return Json{{"service", service.name},
              {"about", service.about},
              {"version", version()},
              {"commit", commit()},
              {"built", built()},
              {"environment", declared.environment.name},
              {"kind", name_of(declared.environment.kind)},
              {"environment_why", declared.environment.why},
              {"environment_given", declared.environment.given},
              {"discover", declared.environment.kind != EnvironmentKind::kLocal &&
                               declared.manner != Manner::kCommand},
              {"stack", declared.options.stack},
              {"log_group_output", service.log_group_output},
              {"profiles_bucket_output", service.profiles_bucket_output},
              {"ships_logs", logs == "cloudwatch" || logs == "both"},
              {"posts_metrics", metrics_of_run(declared) == "cloudwatch"},
              {"start_budget_ms", service.start_budget.count()},
              {"admin", admin_of(declared)},
              {"admin_networks", texts(service.admin_networks)},
              {"admin_roles", texts(service.admin_roles)},
              {"admin_roles_over_plaintext", service.admin_roles_over_plaintext},
              {"admin_certificate", service.admin_certificate},
              {"service_address", serves ? declared.options.listen : ""},
              {"logs", logs_of(declared)},
              {"metrics", metrics_of(declared)},
              {"metrics_at_most_once", service.metrics_at_most_once},
              {"system_metrics", system_names(declared.parts.system)},
              {"mounts", texts(declared.parts.system.mounts)},
              {"profile_lines", profile_lines_json(declared.parts)},
              {"level", level_name(declared.options.level)},
              {"adopted", declared.manner == Manner::kAdopted},
              {"stop_budget_ms", service.stop_budget.count()},
              {"hang_report_ms", service.hang_report_after.count()},
              {"settings", settings_json(declared.settings, declared.parts.settings)}};
}

bool publish(segment::View view, const Json& declarations) {
  const std::string text = declarations.dump();
  if (text.size() > segment::kDeclarationBytes - segment::kBlobDataAt) return false;
  segment::BlobHeader& blob = view.declarations();
  memcpy(reinterpret_cast<char*>(&blob) + segment::kBlobDataAt, text.data(), text.size());
  // Release: pairs with the keeper's acquire; the bytes are there before their length.
  blob.length.store(static_cast<uint32_t>(text.size()), std::memory_order_release);
  return true;
}

}  // namespace outrigger::service
