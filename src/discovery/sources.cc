#include "discovery/sources.h"

#include "aws/autoscaling.h"
#include "aws/cloudformation.h"
#include "aws/ec2.h"
#include "aws/json_value.h"
#include "aws/secretsmanager.h"
#include "aws/ssm.h"

namespace outrigger::discovery {
namespace {

constexpr std::string_view kStackTag = "aws:cloudformation:stack-name";
constexpr std::string_view kGroupTag = "aws:autoscaling:groupName";
constexpr std::string_view kTagsPath = "latest/meta-data/tags/instance";

class Gathering {
 public:
  Gathering(const Place& place, aws::Client* client, aws::Imds& imds, const http::Cancel* cancel)
      : place_(place), client_(client), imds_(imds), cancel_(cancel) {}

  Gathered run(const Wanted& wanted) {
    found_.stack = wanted.stack;
    // In Kubernetes they are the node's, not the pod's.
    if (place_.platform == Platform::kEc2) {
      instance_tags();
      group_tags();
    }
    outputs();
    parameters(wanted);
    secrets(wanted);
    return std::move(found_);
  }

 private:
  // Off by default in the metadata: then they are asked of EC2.
  void instance_tags() {
    const auto names = imds_.get(kTagsPath, cancel_);
    if (names) {
      for (std::string_view rest = *names; !rest.empty();) {
        const std::string name(rest.substr(0, rest.find('\n')));
        rest.remove_prefix(std::min(name.size() + 1, rest.size()));
        const auto value =
            imds_.get(std::string(kTagsPath) + "/" + aws::percent_encode(name), cancel_);
        if (value) found_.instance_tags[name] = *value;
      }
    } else if (client_ != nullptr) {
      take("ec2:DescribeTags", aws::ec2::describe_tags(*client_, place_.instance, cancel_),
           found_.instance_tags);
    }
    found_.group = found_.instance_tags[std::string(kGroupTag)];
    if (found_.stack.empty()) found_.stack = found_.instance_tags[std::string(kStackTag)];
  }

  void group_tags() {
    if (client_ == nullptr || found_.group.empty()) return;
    take("autoscaling:DescribeTags",
         aws::autoscaling::describe_tags(*client_, found_.group, cancel_), found_.group_tags);
    if (found_.stack.empty()) found_.stack = found_.group_tags[std::string(kStackTag)];
  }

  void outputs() {
    if (client_ == nullptr || found_.stack.empty()) return;
    take("cloudformation:DescribeStacks",
         aws::cloudformation::stack_outputs(*client_, found_.stack, cancel_), found_.outputs);
  }

  void parameters(const Wanted& wanted) {
    std::set<std::string> names;
    for (const WantedSetting& setting : wanted.settings) {
      if (!setting.parameter.empty()) names.insert(setting.parameter);
    }
    if (names.empty() || client_ == nullptr) return;
    take("ssm:GetParameters",
         aws::ssm::get_parameters(*client_, {names.begin(), names.end()}, cancel_),
         found_.parameters);
  }

  // "orders/db#password" is the member "password" of the JSON text of orders/db.
  void secrets(const Wanted& wanted) {
    Texts texts;
    for (const WantedSetting& setting : wanted.settings) {
      if (setting.secret_id.empty() || client_ == nullptr) continue;
      const std::string id = setting.secret_id.substr(0, setting.secret_id.find('#'));
      if (!texts.contains(id)) {
        found_.actions.insert("secretsmanager:GetSecretValue");
        const auto text = aws::secretsmanager::get_secret(*client_, id, cancel_);
        if (!text) found_.notes.push_back("secret " + id + ": " + text.failure().message);
        if (!text || !*text) continue;
        texts[id] = **text;
      }
      if (id == setting.secret_id) {
        found_.secrets[id] = texts[id];
        continue;
      }
      const std::string member = setting.secret_id.substr(id.size() + 1);
      const auto object = aws::json_object(texts[id]);
      const auto* value = object ? object->if_contains(member) : nullptr;
      if (value != nullptr) {
        found_.secrets[setting.secret_id] =
            value->is_string() ? std::string(value->get_string()) : boost::json::serialize(*value);
      }
    }
  }

  template <typename List>
  void take(const char* action, const aws::Outcome<List>& outcome, Texts& into) {
    found_.actions.insert(action);
    if (!outcome) {
      found_.notes.push_back(std::string(action) + ": " + outcome.failure().message);
      return;
    }
    for (const auto& [name, value] : *outcome) into[name] = value;
  }

  const Place& place_;
  aws::Client* const client_;
  aws::Imds& imds_;
  const http::Cancel* const cancel_;
  Gathered found_;
};

}  // namespace

Gathered gather(const Wanted& wanted, const Place& place, aws::Client* client, aws::Imds& imds,
                const http::Cancel* cancel) {
  return Gathering(place, client, imds, cancel).run(wanted);
}

}  // namespace outrigger::discovery
