#include "machine.h"

#include <charconv>

namespace outrigger::emulator {
namespace {

Answer plain(std::string text, int status = 200) {
  Answer answer;
  answer.status = status;
  answer.content_type = "text/plain";
  answer.body = std::move(text);
  return answer;
}

Answer not_there() { return plain("404 - Not Found\n", 404); }

std::string names_of(const json::object& object) {
  std::string names;
  for (const auto& each : object) {
    if (!names.empty()) names += '\n';
    names += std::string(each.key());
  }
  return names;
}

// "/latest/…": by name, or by the date of the metadata's version, which all say the same here.
std::string_view rest_of(std::string_view path) {
  constexpr std::string_view kLatest = "/latest/";
  if (path.starts_with(kLatest)) return path.substr(kLatest.size());
  constexpr std::string_view kDated = "/nnnn-nn-nn/";
  if (path.size() < kDated.size()) return {};
  for (size_t i = 0; i < kDated.size(); ++i) {
    const bool is_digit = path[i] >= '0' && path[i] <= '9';
    if (kDated[i] == 'n' ? !is_digit : path[i] != kDated[i]) return {};
  }
  return path.substr(kDated.size());
}

}  // namespace

bool Machine::owns(std::string_view path) { return !service_of(path).empty(); }

std::string Machine::service_of(std::string_view path) {
  if (!rest_of(path).empty()) return "imds";
  if (path.starts_with("/v2/credentials") || path.starts_with("/v1/credentials"))
    return "containers";
  if (path.starts_with("/v4/")) return "task";
  return {};
}

Answer Machine::answer(const Call& call) {
  if (call.service == "imds")
    return rest_of(call.http->path) == "api/token" ? token(call) : metadata(call);
  if (call.service == "containers") return container_credentials(call);
  return task(call);
}

Answer Machine::token(const Call& call) {
  constexpr int kTtlMaxS = 21'600;
  if (call.http->method != "PUT") return plain("405 - Method Not Allowed\n", 405);
  const std::string_view ttl = call.http->header("x-aws-ec2-metadata-token-ttl-seconds");
  int seconds = 0;
  std::from_chars(ttl.data(), ttl.data() + ttl.size(), seconds);
  if (seconds < 1 || seconds > kTtlMaxS) {
    violations_.note("imds", "token asked for without a lifetime of 1 to 21600 seconds");
    return plain("400 - Bad Request\n", 400);
  }
  if (!call.http->header("x-forwarded-for").empty()) return plain("403 - Forbidden\n", 403);
  const std::string token = random_hex(56);
  const std::lock_guard lock(mutex_);
  tokens_[token] = clock_.now_ms() + seconds * 1000;
  ++token_requests_;
  Answer answer = plain(token);
  answer.headers.emplace_back("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", std::to_string(seconds));
  return answer;
}

Answer Machine::metadata(const Call& call) {
  {
    const std::lock_guard lock(mutex_);
    ++gets_;
    const std::string_view token = call.http->header("x-aws-ec2-metadata-token");
    if (token.empty())
      violations_.note("imds", "asked without a token: " + std::string(call.http->path));
    const auto known = tokens_.find(std::string(token));
    if (known == tokens_.end() || known->second <= clock_.now_ms())
      return plain("401 - Unauthorized\n", 401);
  }
  std::string_view path = rest_of(call.http->path);
  const auto instance = [&](std::string_view name) { return account_.text({"instance", name}); };
  if (path == "user-data") {
    const std::string script = account_.text({"user_data"});
    return script.empty() ? not_there() : plain(script);
  }
  if (path == "dynamic/instance-identity" || path == "dynamic/instance-identity/")
    return plain("document");
  if (path == "dynamic/instance-identity/document") {
    Answer answer =
        plain(json::serialize(json::object{{"accountId", instance("account")},
                                           {"architecture", "x86_64"},
                                           {"availabilityZone", instance("availability-zone")},
                                           {"imageId", instance("ami-id")},
                                           {"instanceId", instance("instance-id")},
                                           {"instanceType", instance("instance-type")},
                                           {"privateIp", instance("local-ipv4")},
                                           {"region", instance("region")},
                                           {"version", "2017-09-30"}}));
    return answer;
  }
  constexpr std::string_view kBase = "meta-data/";
  if (!path.starts_with(kBase)) return not_there();
  path.remove_prefix(kBase.size());
  // What those who walk the tree are shown; the rest is found by those who ask for it.
  if (path.empty())
    return plain("ami-id\nhostname\ninstance-id\ninstance-type\nlocal-ipv4\nplacement/");
  if (path == "placement/") return plain("availability-zone\nregion");
  if (path == "placement/region") return plain(instance("region"));
  if (path == "placement/availability-zone") return plain(instance("availability-zone"));
  const std::string role = instance("role");
  constexpr std::string_view kRoles = "iam/security-credentials/";
  if (path.starts_with(kRoles) && !role.empty()) {
    path.remove_prefix(kRoles.size());
    if (path.empty()) return plain(role);
    if (path == role) return keys_answer(identity_.issue());
    return not_there();
  }
  constexpr std::string_view kTags = "tags/instance";
  if (path.starts_with(kTags)) {
    if (!account_.flag({"instance", "tags-in-metadata"})) return not_there();
    path.remove_prefix(std::min(path.size(), kTags.size() + 1));
    const json::value tags = account_.at({"tags"});
    if (path.empty()) return plain(names_of(tags.as_object()));
    const std::string value = account_.text({"tags", path});
    return value.empty() ? not_there() : plain(value);
  }
  const std::string value = instance(path);
  return value.empty() ? not_there() : plain(value);
}

Answer Machine::keys_answer(const Keys& keys) const {
  Answer answer = plain(json::serialize(json::object{{"Code", "Success"},
                                                     {"LastUpdated", utc_text(clock_.now_s())},
                                                     {"Type", "AWS-HMAC"},
                                                     {"AccessKeyId", keys.id},
                                                     {"SecretAccessKey", keys.secret},
                                                     {"Token", keys.token},
                                                     {"Expiration", utc_text(keys.expires_s)}}));
  answer.content_type = "application/json";
  return answer;
}

Answer Machine::container_credentials(const Call& call) {
  // Where the account names a token (EKS Pod Identity does), it has to be sent.
  const std::string wanted = account_.text({"container_token"});
  if (!wanted.empty() && call.http->header("authorization") != wanted) {
    violations_.note("containers", "asked without the token of the container");
    return plain("{\"code\":\"AccessDenied\",\"message\":\"bad token\"}", 401);
  }
  return keys_answer(identity_.issue());
}

Answer Machine::task(const Call& call) {
  const json::value task = account_.at({"task"});
  json::object out{{"Cluster", "default"},
                   {"TaskARN", "arn:aws:ecs:" + account_.text({"instance", "region"}) + ":" +
                                   account_.text({"instance", "account"}) +
                                   ":task/default/0123456789abcdef0123456789abcdef"},
                   {"Family", "emulated"},
                   {"Revision", "1"},
                   {"AvailabilityZone", account_.text({"instance", "availability-zone"})},
                   {"LaunchType", "FARGATE"}};
  for (const auto& each : task.as_object()) out[each.key()] = each.value();
  if (!call.http->path.ends_with("/task"))
    out = {{"DockerId", "0123456789abcdef"}, {"Name", "emulated"}, {"Labels", json::object{}}};
  Answer answer = plain(json::serialize(out));
  answer.content_type = "application/json";
  return answer;
}

json::object Machine::report() const {
  const std::lock_guard lock(mutex_);
  return {{"token_requests", token_requests_}, {"gets", gets_}};
}

}  // namespace outrigger::emulator
