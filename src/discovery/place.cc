#include "discovery/place.h"

#include "aws/json_value.h"
#include "aws/metadata_url.h"
#include "base/machine.h"

namespace outrigger::discovery {
namespace {

constexpr std::string_view kDocument = "latest/dynamic/instance-identity/document";

std::string last_part(const std::string& arn) { return arn.substr(arn.rfind('/') + 1); }

// "arn:aws:ecs:eu-west-1:123456789012:task/…"
std::string arn_part(const std::string& arn, int index) {
  size_t begin = 0;
  for (int i = 0; i < index; ++i) {
    const size_t colon = arn.find(':', begin);
    if (colon == std::string::npos) return {};
    begin = colon + 1;
  }
  return arn.substr(begin, arn.find(':', begin) - begin);
}

std::string region_named(const aws::Variables& variables) {
  std::string region = variables("AWS_REGION");
  return region.empty() ? variables("AWS_DEFAULT_REGION") : region;
}

// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4.html
void ask_ecs(const aws::Variables& variables, http::Pool& pool, const http::Cancel* cancel,
             Place& place) {
  http::Request request;
  request.url = variables("ECS_CONTAINER_METADATA_URI_V4") + "/task";
  request.timeout = aws::Imds::kTimeout;
  aws::keep_near(request);
  http::Progress progress;
  const auto answer = pool.send(request, {}, cancel, progress);
  const auto object = answer ? aws::json_object(answer->body) : std::nullopt;
  if (!object) {
    place.notes.push_back(
        "ECS_CONTAINER_METADATA_URI_V4 gives no answer: " +
        (answer ? "HTTP " + std::to_string(answer->status) : answer.error().message));
    return;
  }
  const std::string arn = aws::text_in(*object, "TaskARN");
  place.task = last_part(arn);
  place.family = aws::text_in(*object, "Family");
  place.cluster = last_part(aws::text_in(*object, "Cluster"));
  place.zone = aws::text_in(*object, "AvailabilityZone");
  place.account = arn_part(arn, 4);
  if (place.region.empty()) place.region = arn_part(arn, 3);
}

void ask_instance(aws::Imds& imds, const http::Cancel* cancel, Place& place) {
  const auto document = imds.get(kDocument, cancel);
  const auto object = document ? aws::json_object(*document) : std::nullopt;
  if (object) {
    place.instance = aws::text_in(*object, "instanceId");
    place.zone = aws::text_in(*object, "availabilityZone");
    place.account = aws::text_in(*object, "accountId");
    if (place.region.empty()) place.region = aws::text_in(*object, "region");
    return;
  }
  if (!document && document.failure().status != 404) {
    place.notes.push_back("the instance's metadata cannot be asked: " + document.failure().message);
    return;
  }
  // There is none of it in some emulations; the parts are there.
  const auto part = [&](const char* path) {
    auto text = imds.get(path, cancel);
    return text ? *text : std::string();
  };
  place.instance = part("latest/meta-data/instance-id");
  place.zone = part("latest/meta-data/placement/availability-zone");
  if (place.region.empty()) place.region = part("latest/meta-data/placement/region");
}

}  // namespace

std::string_view name_of(Platform platform) {
  switch (platform) {
    case Platform::kEc2: return "EC2";
    case Platform::kEcs: return "ECS";
    case Platform::kKubernetes: return "Kubernetes";
    case Platform::kElsewhere: break;
  }
  return "elsewhere";
}

std::string Place::name() const {
  if (!task.empty()) return task;
  if (!pod.empty()) return pod;
  return instance.empty() ? base::host_name() : instance;
}

Signs signs_of(const aws::Variables& variables, std::string_view vendor) {
  Signs signs;
  signs.kubernetes = !variables("KUBERNETES_SERVICE_HOST").empty();
  signs.ecs = !variables("ECS_CONTAINER_METADATA_URI_V4").empty();
  if (aws::is_true(variables("AWS_EC2_METADATA_DISABLED"))) return signs;
  signs.ec2 = vendor == base::kAmazonEc2 || !variables("AWS_EC2_METADATA_SERVICE_ENDPOINT").empty();
  signs.maybe_ec2 = signs.kubernetes && vendor.empty() && !signs.ecs;
  return signs;
}

Place find_place(const aws::Variables& variables, const Signs& signs, aws::Imds& imds,
                 http::Pool& pool, const http::Cancel* cancel) {
  Place place;
  place.region = region_named(variables);
  if (signs.ecs) {
    place.platform = Platform::kEcs;
    ask_ecs(variables, pool, cancel, place);
  } else if (signs.ec2 || signs.maybe_ec2) {
    ask_instance(imds, cancel, place);
    // Where only the firmware's silence suggested it, silence is no news.
    if (!signs.ec2) place.notes.clear();
  }
  if (signs.kubernetes) {
    place.platform = Platform::kKubernetes;
    place.pod = base::host_name();
  } else if (!signs.ecs && !place.instance.empty()) {
    place.platform = Platform::kEc2;
  }
  return place;
}

}  // namespace outrigger::discovery
