#include "delivery/template.h"

#include <unistd.h>

#include "base/text.h"
#include "delivery/image.h"
#include "delivery/policy.h"
#include "delivery/user_data.h"
#include "delivery/yaml.h"

namespace outrigger::delivery {
namespace {

using Platform = TemplateWanted::Platform;
using Format = TemplateWanted::Format;

int refuse(const Facts& facts, const std::string& sentence) {
  base::write_all(STDERR_FILENO, facts.name + ": " + sentence + "\n");
  return 1;
}

int print(std::string_view text) {
  base::write_all(STDOUT_FILENO, text);
  return 0;
}

int print(const Json& value, Format format) {
  return print(format == Format::kJson ? value.pretty() + "\n" : yaml(value));
}

int print_manifests(const Facts& facts, const TemplateWanted& wanted) {
  auto manifests = kubernetes_manifests(facts, wanted);
  if (!manifests) return refuse(facts, manifests.error().message);
  if (wanted.format == Format::kJson) {
    return print(
        Json{{"apiVersion", "v1"}, {"kind", "List"}, {"items", Json(std::move(*manifests))}},
        wanted.format);
  }
  std::string text;
  for (const Json& each : *manifests) text += (text.empty() ? "" : "---\n") + yaml(each);
  return print(text);
}

}  // namespace

int print_template(const Facts& facts, const TemplateWanted& wanted) {
  if (wanted.policy) return print(service_policy(facts, PolicyFor::kAnywhere).pretty() + "\n");
  if (wanted.platform == Platform::kImage) return print_image(facts, wanted);
  if (wanted.platform == Platform::kKubernetes) return print_manifests(facts, wanted);
  const auto stack = wanted.platform == Platform::kEcs ? ecs_template(facts, wanted)
                                                       : stack_template(facts, wanted);
  if (!stack) return refuse(facts, stack.error().message);
  return print(*stack, wanted.format);
}

int print_user_data(const Facts& facts, const UserDataWanted& wanted) {
  const std::string text = user_data(facts, wanted);
  if (text.size() > kUserDataBytesMax)
    return refuse(facts, "the script has " + std::to_string(text.size()) +
                             " bytes; EC2 takes 16,384: fewer options of run would do");
  return print(text);
}

}  // namespace outrigger::delivery
