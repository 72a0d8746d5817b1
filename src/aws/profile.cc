#include "aws/profile.h"

#include <fcntl.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/fd.h"
#include "base/mapping.h"

namespace outrigger::aws {
namespace {

using Values = std::map<std::string, std::string, std::less<>>;

constexpr std::string_view kSpace = " \t\r";

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

// A comment begins the line, or stands behind a space.
std::string_view without_comment(std::string_view value) {
  for (const std::string_view begin : {" #", " ;", "\t#", "\t;"})
    value = value.substr(0, value.find(begin));
  return trimmed(value);
}

// What stands below [header] is added to `values`, unless it is there already. False: no such header.
bool add_section(std::string_view text, std::string_view header, Values& values) {
  bool found = false, inside = false;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    // What is indented belongs to the setting above: "s3 =" has such.
    if (line.empty() || kSpace.find(line.front()) != std::string_view::npos ||
        line.front() == '#' || line.front() == ';')
      continue;
    if (line.front() == '[') {
      inside = trimmed(line.substr(1, line.find(']') - 1)) == header;
      found = found || inside;
      continue;
    }
    const size_t equals = line.find('=');
    if (!inside || equals == std::string_view::npos) continue;
    values.emplace(trimmed(line.substr(0, equals)), without_comment(line.substr(equals + 1)));
  }
  return found;
}

class Files {
 public:
  explicit Files(const Variables& variables) : variables_(variables) {}

  // None: neither file has it.
  std::optional<Values> profile(const std::string& name) const {
    const std::string credentials = text_of("AWS_SHARED_CREDENTIALS_FILE", "credentials");
    const std::string config = text_of("AWS_CONFIG_FILE", "config");
    Values values;
    bool found = add_section(credentials, name, values);
    found = add_section(config, "profile " + name, values) || found;
    if (name == "default") found = add_section(config, name, values) || found;
    return found ? std::optional(std::move(values)) : std::nullopt;
  }

 private:
  std::string text_of(const char* variable, const char* name) const {
    std::string path = variables_(variable);
    if (path.empty()) {
      const std::string home = variables_("HOME");
      if (home.empty()) return {};
      path = home + "/.aws/" + name;
    }
    const base::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const base::Mapping file = fd ? base::Mapping::whole_file(fd.get()) : base::Mapping();
    return {file.bytes(), file.size()};
  }

  const Variables& variables_;
};

std::string value_of(const Values& values, std::string_view name) {
  const auto found = values.find(name);
  return found == values.end() ? std::string() : found->second;
}

// Whoever has keys from elsewhere is not asked for those of a profile.
bool names_keys(const Variables& variables) {
  for (const char* name :
       {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"}) {
    if (!variables(name).empty()) return true;
  }
  return false;
}

Error other_ways(const std::string& name, std::string_view way) {
  return failed("the profile \"" + name + "\" has its keys by " + std::string(way) +
                ", which is the AWS command line's to follow: eval \"$(aws configure "
                "export-credentials --profile " +
                name + " --format env)\"");
}

}  // namespace

Result<Variables> with_profile(Variables variables) {
  std::string name = variables("AWS_PROFILE");
  const bool is_named = !name.empty();
  if (!is_named) name = "default";
  const auto profile = Files(variables).profile(name);
  if (!profile) {
    if (!is_named || names_keys(variables)) return variables;
    return failed("AWS_PROFILE \"" + name +
                  "\" will not do: expected a profile of ~/.aws/config or ~/.aws/credentials");
  }
  Values added;
  if (variables("AWS_REGION").empty() && variables("AWS_DEFAULT_REGION").empty())
    added["AWS_REGION"] = value_of(*profile, "region");
  if (!names_keys(variables)) {
    added["AWS_ACCESS_KEY_ID"] = value_of(*profile, "aws_access_key_id");
    added["AWS_SECRET_ACCESS_KEY"] = value_of(*profile, "aws_secret_access_key");
    added["AWS_SESSION_TOKEN"] = value_of(*profile, "aws_session_token");
    if (added["AWS_ACCESS_KEY_ID"].empty() && added["AWS_SECRET_ACCESS_KEY"].empty()) {
      for (const char* way :
           {"role_arn", "sso_session", "sso_start_url", "credential_process", "login_session"}) {
        if (!value_of(*profile, way).empty()) return other_ways(name, way);
      }
    }
  }
  return Variables([of = std::move(variables), added = std::move(added)](const char* variable) {
    std::string value = of(variable);
    return value.empty() ? value_of(added, variable) : value;
  });
}

}  // namespace outrigger::aws
