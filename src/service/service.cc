#include "outrigger/service.h"

#include "health/runner.h"
#include "outrigger/log.h"
#include "service/parts.h"

namespace outrigger {
namespace internal {

void add_operation(ServiceParts& parts, OperationInfo operation) {
  parts.operations.push_back(std::move(operation));
}
void add_option(ServiceParts& parts, OptionInfo option) {
  parts.run_options.push_back(std::move(option));
}
void add_setting(ServiceParts& parts, SettingInfo setting) {
  parts.settings.push_back(std::move(setting));
}

}  // namespace internal

Service::Service(ServiceOptions options) : parts_(std::make_unique<internal::ServiceParts>()) {
  parts_->options = std::move(options);
}
Service::~Service() = default;

void Service::check(std::string name, CheckOptions options, std::function<CheckResult()> function) {
  if (parts_->runner == nullptr) {
    parts_->checks.push_back({std::move(name), options, std::move(function)});
  } else if (!parts_->runner->add(name, options, std::move(function))) {
    log::error("check {check} is not run: all {places} places are taken", name, segment::kChecks);
  }
}

AlarmBuilder Service::alarm(std::string name) {
  return AlarmBuilder(parts_->alarms.emplace_back(internal::AlarmInfo{std::move(name)}));
}

void Service::system_metrics(metrics::SystemOptions options) {
  parts_->system = std::move(options);
}

void Service::on_stop(std::function<void()> function) {
  parts_->stop_hooks.push_back(std::move(function));
}
void Service::add_start_hook(internal::StartHook hook) {
  parts_->start_hooks.push_back(std::move(hook));
}
void Service::unit(UnitOptions options) { parts_->unit = std::move(options); }
void Service::add_init_step(internal::InitStep step) {
  parts_->init_steps.push_back(std::move(step));
}
void Service::add_drain_hook(internal::DrainHook hook) {
  parts_->drain_hooks.push_back(std::move(hook));
}

}  // namespace outrigger
