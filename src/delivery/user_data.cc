#include "delivery/user_data.h"

#include "delivery/digest.h"

namespace outrigger::delivery {
namespace {

// POSIX sh. In front of it stand service, version, sha256, bucket, stack, resource, and the options of run
// as positional parameters.
// The least tools: curl, openssl and what coreutils, sed and sh are.
//
// Keys of the instance's role sign each request (Signature Version 4,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
constexpr std::string_view kBody = R"script(
set -u
umask 077
metadata=${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254}
metadata=${metadata%/}
directory=$(mktemp -d) || exit 1
log=$directory/boot.log
file=$directory/$service
reason=''
identity=''

say() { echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) $service: $*" | tee -a "$log"; }
md() { curl -fsS -m 5 --noproxy '*' -H "X-aws-ec2-metadata-token: $token" "$metadata/latest/$1"; }
field() { printf '%s' "$1" | tr -d '\n' | sed -n "s/.*\"$2\"[ ]*:[ ]*\"\([^\"]*\)\".*/\1/p"; }
hash() { openssl dgst -sha256 -r | cut -d ' ' -f 1; }
hmac() { printf '%s' "$2" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$1" -r | cut -d ' ' -f 1; }

# Who and where this machine is; keys that are fresh.
identify() {
  token=$(curl -fsS -m 5 --noproxy '*' -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 600' "$metadata/latest/api/token") || return 1
  identity=$(md dynamic/instance-identity/document) || return 1
  region=$(field "$identity" region)
  account=$(field "$identity" accountId)
  instance=$(field "$identity" instanceId)
  role=$(md meta-data/iam/security-credentials/ | head -n 1) || return 1
  keys=$(md "meta-data/iam/security-credentials/$role") || return 1
  key_id=$(field "$keys" AccessKeyId)
  key=$(field "$keys" SecretAccessKey)
  session=$(field "$keys" Token)
  case $region in cn-*) domain=amazonaws.com.cn ;; *) domain=amazonaws.com ;; esac
  [ -n "$region" ] && [ -n "$key" ]
}

# get SERVICE ENDPOINT PATH QUERY: a signed GET; what it answers goes to stdout.
get() {
  now=$(date -u +%Y%m%dT%H%M%SZ)
  day=${now%T*}
  nothing=$(printf '' | hash)
  host=${2#*://}
  names='host;x-amz-content-sha256;x-amz-date;x-amz-security-token'
  canonical=$(printf 'GET\n%s\n%s\nhost:%s\nx-amz-content-sha256:%s\nx-amz-date:%s\nx-amz-security-token:%s\n\n%s\n%s' \
    "$3" "$4" "$host" "$nothing" "$now" "$session" "$names" "$nothing" | hash)
  scope=$day/$region/$1/aws4_request
  signing=$(printf 'AWS4%s' "$key" | od -An -v -tx1 | tr -d ' \n')
  for part in "$day" "$region" "$1" aws4_request; do signing=$(hmac "$signing" "$part"); done
  signature=$(hmac "$signing" "$(printf 'AWS4-HMAC-SHA256\n%s\n%s\n%s' "$now" "$scope" "$canonical")")
  # Headers by a file: what stands on a command line is seen by everybody.
  printf '%s\n' "x-amz-content-sha256: $nothing" "x-amz-date: $now" "x-amz-security-token: $session" \
    "Authorization: AWS4-HMAC-SHA256 Credential=$key_id/$scope, SignedHeaders=$names, Signature=$signature" >"$directory/headers"
  curl -fsS --connect-timeout 5 -m 300 -H @"$directory/headers" "$2$3${4:+?$4}"
}

# Once more, a little later each time; "reason" says why it came to nothing.
fetch() {
  for pause in 1 2 4 8 15 30 0; do
    if ! identify 2>>"$log"; then
      reason='the instance metadata give no region or no keys'
    else
      bucket=${bucket:-outrigger-$account-$region}
      path=/$bucket/$service/$(printf '%s' "$version" | sed 's/+/%2B/g')/$(uname -m)/$service
      endpoint=${AWS_ENDPOINT_URL_S3:-${AWS_ENDPOINT_URL:-https://s3.$region.$domain}}
      if ! get s3 "${endpoint%/}" "$path" '' >"$file" 2>>"$log"; then
        reason="s3:/$path cannot be had"
      elif [ "$(hash <"$file")" != "$sha256" ]; then
        reason="the file's SHA-256 is $(hash <"$file"), not $sha256"
      else
        chmod 700 "$file"
        return 0
      fi
    fi
    say "$reason"
    sleep "$pause"
  done
  return 1
}

# Without the file, nobody else can say it. UniqueId is what the stack's events show.
signal_failure() {
  [ -n "$stack" ] && [ -n "$resource" ] && [ -n "$identity" ] || return 0
  unique=$(printf '%s.%s' "$instance" "$reason" | tr -c 'A-Za-z0-9._-' - | cut -c 1-64)
  endpoint=${AWS_ENDPOINT_URL_CLOUDFORMATION:-${AWS_ENDPOINT_URL:-https://cloudformation.$region.$domain}}
  get cloudformation "${endpoint%/}" / "Action=SignalResource&LogicalResourceId=$resource&StackName=$stack&Status=FAILURE&UniqueId=$unique&Version=2010-05-15" \
    >>"$log" 2>&1 || say 'CloudFormation could not be told'
}

for tool in curl openssl sed od; do
  command -v "$tool" >/dev/null || { reason="$tool is not installed"; say "$reason"; exit 1; }
done
say "fetches $version"
if ! fetch; then
  say "not installed: $reason"
  signal_failure
  exit 1
fi
say "fetched, its SHA-256 is right"
said=$(wc -l <"$log")
# Nothing runs here yet that would have to be put back soon, and a machine that boots is slow.
"$file" -init --timeout 5m --boot-log "$directory/boot.log" --signal "${stack:+$stack/$resource}" -- "$@" >>"$log" 2>&1
status=$?
tail -n "+$((said + 1))" "$log"
rm -rf "$directory"
exit $status
)script";

// In quotes of the shell, whatever it is.
std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += "'\\''";
    else out += c;
  }
  return out + "'";
}

std::string head(const Facts& facts, const UserDataWanted& values) {
  std::string text = "#!/bin/sh\n# Installs " + facts.name +
                     " when this machine boots for the first time. Needs curl, openssl and the "
                     "keys of its role.\n";
  const auto set = [&](const char* name, const std::string& value) {
    text += std::string(name) + "=" + value + "\n";
  };
  set("service", quoted(facts.name));  // "echo" is a command
  set("version", values.version);
  set("sha256", values.sha256);
  set("bucket", values.bucket);
  set("stack", values.stack);
  set("resource", values.resource);
  text += "set --";
  for (const std::string& word : values.run_words) text += " " + quoted(word);
  text += "\n";
  return text;
}

}  // namespace

std::string user_data(const Facts& facts, const UserDataWanted& wanted) {
  return head(facts, {.version = quoted(wanted.version.empty() ? facts.version : wanted.version),
                      .sha256 = quoted(wanted.sha256.empty() ? file_digest("/proc/self/exe")
                                                             : wanted.sha256),
                      .bucket = quoted(wanted.bucket),
                      .stack = quoted(wanted.stack),
                      .resource = quoted(wanted.resource),
                      .run_words = wanted.run_words}) +
         std::string(kBody.substr(1));
}

Json user_data_of_stack(const Facts& facts, const std::vector<std::string>& run_words) {
  const std::string values = head(facts, {.version = "'${ServiceVersion}'",
                                          .sha256 = "'${FileSha256}'",
                                          .bucket = "'${Bucket}'",
                                          .stack = "'${AWS::StackName}'",
                                          .resource = "'AutoScalingGroup'",
                                          .run_words = run_words});
  return Json{
      {"Fn::Base64",
       Json{{"Fn::Join",
             Json::array({"", Json::array({Json{{"Fn::Sub", values}}, Json(kBody.substr(1))})})}}}};
}

}  // namespace outrigger::delivery
