// The order of the places, and what the signs say: the pure part of discovery.
#include <gtest/gtest.h>

#include "discovery/discover.h"

namespace outrigger::discovery {
namespace {

using Values = std::map<std::string, std::string>;

aws::Variables variables_of(Values values) {
  return [values = std::move(values)](const char* name) {
    const auto found = values.find(name);
    return found == values.end() ? std::string() : found->second;
  };
}

// A setting that every place holds; taken away one by one.
struct Everywhere {
  WantedSetting wanted;
  Gathered gathered;
  std::vector<Located> located;
  Values variables;
  Place place;

  Everywhere() {
    wanted.name = "Table";
    wanted.parameter = "/table";
    wanted.secret_id = "orders#table";
    wanted.variable = "TABLE";
    wanted.hard_coded = {"l", "s", "p", "o"};
    gathered.instance_tags = {{"Table", "tag"}};
    gathered.group = "asg";
    gathered.group_tags = {{"Table", "group"}};
    gathered.stack = "orders";
    gathered.outputs = {{"Table", "output"}};
    gathered.parameters = {{"/table", "parameter"}};
    gathered.secrets = {{"orders#table", "secret"}};
    located = {{"Cloud Map a/b", "10.0.0.1:80", {}}, {"DNS SRV _a._tcp", "b:80", {}}};
    variables = {{"TABLE", "variable"}};
    place.platform = Platform::kEc2;
    place.instance = "i-1";
  }
  segment::SettingsAnswer::Setting found(EnvironmentKind kind = EnvironmentKind::kProduction) {
    return resolve(wanted, gathered, located, kind, place, variables_of(variables));
  }
};

TEST(Resolve, the_first_place_wins_and_shadows_the_others) {
  Everywhere all;
  const auto found = all.found();
  EXPECT_EQ(found.value, "tag");
  EXPECT_EQ(found.from, "tag Table of instance i-1");
  EXPECT_TRUE(found.looked.empty());
  std::string shadowed;
  for (const auto& each : found.shadowed) shadowed += each.value + " <- " + each.from + "\n";
  EXPECT_EQ(shadowed,
            "group <- tag Table of Auto Scaling group asg\n"
            "output <- output Table of stack orders\n"
            "parameter <- parameter /table\n"
            "secret <- secret orders#table\n"
            "variable <- environment variable TABLE\n"
            "10.0.0.1:80 <- Cloud Map a/b\n"
            "b:80 <- DNS SRV _a._tcp\n"
            "p <- hard-coded for production\n"
            "o <- hard-coded default\n");
}

TEST(Resolve, each_place_in_its_rank) {
  Everywhere all;
  std::string order;
  const auto note = [&] { order += all.found().value + " "; };
  all.gathered.instance_tags.clear(), note();
  all.gathered.group_tags.clear(), note();
  all.gathered.outputs.clear(), note();
  all.gathered.parameters.clear(), note();
  all.gathered.secrets.clear(), note();
  all.variables.clear(), note();
  all.located[0].addresses.reset(), note();
  all.located[1].addresses.reset(), note();
  all.wanted.hard_coded.in_production.reset(), note();
  EXPECT_EQ(order, "group output parameter secret variable 10.0.0.1:80 b:80 p o ");
  all.wanted.hard_coded.otherwise.reset();
  const auto missing = all.found();
  EXPECT_FALSE(missing.found);
  EXPECT_EQ(missing.looked.size(), 10u) << "every place is named";
}

TEST(Resolve, the_kind_of_environment_decides_what_is_hard_coded) {
  Everywhere all;
  all.gathered = {};
  all.located.clear();
  all.variables.clear();
  EXPECT_EQ(all.found(EnvironmentKind::kLocal).value, "l");
  EXPECT_EQ(all.found(EnvironmentKind::kStaging).value, "s");
  EXPECT_EQ(all.found(EnvironmentKind::kProduction).value, "p");
}

TEST(Resolve, in_a_pod_the_nodes_tags_are_not_its_own) {
  Everywhere all;
  all.place.platform = Platform::kKubernetes;
  EXPECT_EQ(all.found().value, "output") << "a stack that is known anyway is";
  all.gathered.stack.clear();
  EXPECT_EQ(all.found().value, "parameter");
}

TEST(Resolve, a_shadowed_secret_does_not_travel) {
  Everywhere all;
  all.wanted.secret = true;
  const auto found = all.found();
  EXPECT_EQ(found.value, "tag");
  for (const auto& each : found.shadowed) EXPECT_EQ(each.value, "***");
}

TEST(EnvironmentName, given_tag_group_output_guess) {
  Wanted wanted;
  wanted.environment = "production";
  wanted.environment_why = "a guess";
  Gathered gathered;
  EXPECT_EQ(environment_of(wanted, gathered).name, "production");
  gathered.outputs["Environment"] = "qa";
  EXPECT_EQ(environment_of(wanted, gathered).name, "qa");
  gathered.group_tags["Environment"] = "stg";
  EXPECT_EQ(environment_of(wanted, gathered).name, "stg");
  gathered.instance_tags["Environment"] = "dev-anna";
  EXPECT_EQ(environment_of(wanted, gathered).name, "dev-anna");
  EXPECT_EQ(environment_of(wanted, gathered).why, "tag Environment of the instance");
  wanted.environment_given = true;
  EXPECT_EQ(environment_of(wanted, gathered).name, "production");
}

TEST(SignsTest, the_metadata_is_asked_only_where_something_says_ec2) {
  const auto asks = [](Values values, std::string_view vendor) {
    const Signs signs = signs_of(variables_of(std::move(values)), vendor);
    return signs.ec2 || signs.maybe_ec2;
  };
  EXPECT_FALSE(asks({}, ""));
  EXPECT_FALSE(asks({}, "QEMU"));
  EXPECT_FALSE(asks({{"INVOCATION_ID", "1"}}, "")) << "an init system is no sign of AWS";
  EXPECT_TRUE(asks({}, "Amazon EC2"));
  EXPECT_TRUE(asks({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1"}}, ""));
  EXPECT_TRUE(asks({{"KUBERNETES_SERVICE_HOST", "10.0.0.1"}}, "")) << "its node may be one";
  EXPECT_FALSE(asks({{"KUBERNETES_SERVICE_HOST", "10.0.0.1"}}, "QEMU"));
  EXPECT_FALSE(asks({{"ECS_CONTAINER_METADATA_URI_V4", "http://169.254.170.2/v4/x"}}, ""));
  EXPECT_FALSE(asks({{"AWS_EC2_METADATA_DISABLED", "true"}}, "Amazon EC2"));
}

TEST(Srv, targets_by_priority_and_weight) {
  // Two questions' worth of header would be too many: one question, three answers, the names
  // pointing back to the question's.
  std::string message("\x12\x34\x81\x80\x00\x01\x00\x03\x00\x00\x00\x00", 12);
  message += std::string("\x02_a\x04_tcp\x01x\x00\x00\x21\x00\x01", 15);
  const auto add = [&](int priority, int weight, int port, char host) {
    message += std::string("\xc0\x0c\x00\x21\x00\x01\x00\x00\x00\x3c\x00\x0a", 12);
    for (const int number : {priority, weight, port}) {
      message += static_cast<char>(number >> 8);
      message += static_cast<char>(number);
    }
    message += std::string("\x01") + host + "\xc0\x14";
  };
  add(10, 5, 8080, 'b');
  add(10, 9, 300, 'c');
  add(1, 0, 80, 'a');
  const auto parse = [](const std::string& bytes) {
    return parse_srv(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  };
  EXPECT_EQ(parse(message), (std::vector<std::string>{"a.x:80", "c.x:300", "b.x:8080"}));
  for (size_t size = 0; size < message.size(); ++size) {
    EXPECT_LE(parse(message.substr(0, size)).size(), 2u) << "cut at " << size;
  }
}

TEST(WantedTest, any_bytes) {
  EXPECT_FALSE(parse_wanted(""));
  EXPECT_FALSE(parse_wanted("[]"));
  const auto wanted = parse_wanted(
      R"({"service":"x","environment":"prod","environment_given":true,"settings":[7,
          {"name":"A","secret":true,"sources":{"parameter":"/a","srv":1},
           "hard_coded":{"local":"1","staging":null}}]})");
  ASSERT_TRUE(wanted);
  EXPECT_TRUE(wanted->environment_given);
  ASSERT_EQ(wanted->settings.size(), 1u);
  EXPECT_EQ(wanted->settings[0].parameter, "/a");
  EXPECT_EQ(wanted->settings[0].srv, "");
  EXPECT_EQ(wanted->settings[0].hard_coded.in_local, "1");
  EXPECT_FALSE(wanted->settings[0].hard_coded.in_staging);
}

TEST(Actions, what_a_policy_has_to_allow) {
  Wanted wanted;
  EXPECT_TRUE(shipping_actions(wanted).empty());
  EXPECT_EQ(possible_actions(wanted).size(), 3u) << "tags and outputs, whatever is declared";
  wanted.ships_logs = wanted.posts_metrics = true;
  wanted.settings.resize(3);
  wanted.settings[0].parameter = "/a";
  wanted.settings[1].secret_id = "b";
  wanted.settings[2].cloud_map = "c/d";
  EXPECT_EQ(
      possible_actions(wanted),
      (std::set<std::string>{"autoscaling:DescribeTags", "cloudformation:DescribeStacks",
                             "cloudwatch:PutMetricData", "ec2:DescribeTags", "logs:CreateLogGroup",
                             "logs:CreateLogStream", "logs:PutLogEvents", "logs:PutRetentionPolicy",
                             "secretsmanager:GetSecretValue", "servicediscovery:DiscoverInstances",
                             "ssm:GetParameters"}));
}

TEST(Answer, survives_its_way_and_any_bytes_are_survived) {
  segment::SettingsAnswer answer;
  answer.environment = "prod";
  answer.why = "a tag";
  answer.place = {{"region", "eu-west-1"}};
  answer.settings = {{"A", true, "1", "tag A", {{"2", "default"}}, {"x"}},
                     {"B", false, "", "", {}, {"tag B", "default"}}};
  answer.notes = {"a note"};
  answer.actions = {"ec2:DescribeTags"};
  const std::string bytes = segment::encode(answer);
  const auto back = segment::decode(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(segment::encode(*back), bytes);
  EXPECT_EQ(back->settings[1].looked.size(), 2u);
  EXPECT_EQ(*back->place_of("region"), "eu-west-1");
  for (size_t size = 0; size < bytes.size(); ++size) (void)segment::decode(bytes.substr(0, size));
  EXPECT_FALSE(segment::decode("environment"));
  const std::string stranger("who\0a\0b\0c\0", 10);
  EXPECT_TRUE(segment::decode(stranger)) << "a kind that is not known is passed over";
}

}  // namespace
}  // namespace outrigger::discovery
