// `prober template`: the service as CloudFormation, ECS or Kubernetes are told of it.
#pragma once

#include "delivery/wanted.h"
#include "outrigger/json.h"

namespace outrigger::delivery {

// Prints; returns the exit status.
int print_template(const Facts& facts, const TemplateWanted& wanted);
int print_user_data(const Facts& facts, const UserDataWanted& wanted);

// "1.1.ab41cd0-CHANGES": tags of images have no "+".
std::string image_tag(std::string_view version);

// Pure. A stack of instances, each installed by its user data.
Result<Json> stack_template(const Facts& facts, const TemplateWanted& wanted);
// A stack with a task definition and a service on Fargate.
Result<Json> ecs_template(const Facts& facts, const TemplateWanted& wanted);
// A Deployment and a Service, in that order.
Result<std::vector<Json>> kubernetes_manifests(const Facts& facts, const TemplateWanted& wanted);

}  // namespace outrigger::delivery
