// Whole services find out where they run and what their settings are: on the emulator, over real
// TLS.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "base/fd.h"
#include "emulator.h"
#include "harness.h"
#include "inside.h"

namespace outrigger::whole {
namespace {

constexpr const char* kAccount = R"({
  "instance": {"instance-id": "i-0123456789abcdef0", "region": "eu-west-1", "account": "123456789012",
               "availability-zone": "eu-west-1b", "role": "orders"},
  "tags": {"Name": "x", "Environment": "staging-2", "aws:cloudformation:stack-name": "orders",
           "aws:autoscaling:groupName": "orders-asg", "Colour": "red"},
  "auto_scaling_tags": {"Colour": "green", "A": "1", "B": "2"},
  "stack_outputs": {"orders": {"Table": "orders-table", "Colour": "blue", "LogGroupName": "/orders"}},
  "parameters": {"/settled/limit": {"value": "17", "type": "SecureString"}},
  "secrets": {"settled/db": "{\"password\": \"correct horse\"}"},
  "services": {"shop/stock": [{"id": "a", "ip": "10.0.0.1", "port": 80}, {"id": "b", "ip": "10.0.0.2", "port": 81}]},
  "page_size": 2})";

// The number behind the name of a process in /health.
pid_t pid_in(const std::string& health, std::string_view process) {
  const size_t at = health.find("\"" + std::string(process) + "\"");
  if (at == std::string::npos) return -1;
  return static_cast<pid_t>(json_number(health.substr(at), "pid").value_or(-1));
}

pid_t only_child_of(pid_t pid) {
  const std::string name = std::to_string(pid);
  return atoi(read_file("/proc/" + name + "/task/" + name + "/children").c_str());
}

struct Ended {
  int status;
  std::string out;
  std::string err;
};

Ended command(const std::vector<std::string>& words, const std::vector<std::string>& environment) {
  Program program(SETTLED, words, {environment, {}, {}});
  const int status = program.exit_status(kPatience);
  return {status, program.out(), program.err()};
}

std::vector<std::string> with(std::vector<std::string> list,
                              std::initializer_list<const char*> more) {
  list.insert(list.end(), more.begin(), more.end());
  return list;
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

TEST(Config, tells_every_value_where_it_came_from_and_what_it_shadows) {
  test::Emulator aws;
  ASSERT_TRUE(aws.started());
  aws.set_account(kAccount);
  const Ended ended = command({"config"}, aws.instance_environment());
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_EQ(ended.err, "");
  for (const char* line :
       {"environment: staging-2, kind staging (tag Environment of the instance)\n",
        "platform: EC2\n", "name: i-0123456789abcdef0\n", "region: eu-west-1\n",
        "zone: eu-west-1b\n", "auto_scaling_group: orders-asg\n", "stack: orders\n",
        "log_group: /orders\n",
        "Limit: 17 (parameter /settled/limit)\n  shadows 2 (hard-coded default)\n",
        "Table: orders-table (output Table of stack orders)\n",
        "Colour: red (tag Colour of instance i-0123456789abcdef0)\n"
        "  shadows green (tag Colour of Auto Scaling group orders-asg)\n"
        "  shadows blue (output Colour of stack orders)\n  shadows grey (hard-coded default)\n",
        "Password: *** (secret settled/db#password)\n",
        "Stock: 10.0.0.1:80,10.0.0.2:81 (Cloud Map shop/stock)\n",
        "Shell: unset (hard-coded default)\n"})
    EXPECT_TRUE(has(ended.out, line)) << line << "---\n" << ended.out;
  EXPECT_FALSE(has(ended.out, "correct horse"));
  EXPECT_EQ(aws.violations(), 0) << aws.report();
  // Two a page: five tags of the instance, three of the group.
  EXPECT_EQ(aws.count({"calls", "ec2 DescribeTags", "200"}), 3) << aws.report();
  EXPECT_EQ(aws.count({"calls", "autoscaling DescribeTags", "200"}), 2) << aws.report();

  const Ended json = command({"config", "--json"}, aws.instance_environment());
  EXPECT_TRUE(has(json.out,
                  R"("actions":["autoscaling:DescribeTags","cloudformation:DescribeStacks",)"
                  R"("cloudwatch:PutMetricData","ec2:DescribeTags","logs:CreateLogGroup",)"
                  R"("logs:CreateLogStream","logs:PutLogEvents","logs:PutRetentionPolicy",)"
                  R"("secretsmanager:GetSecretValue",)"
                  R"("servicediscovery:DiscoverInstances","ssm:GetParameters"])"))
      << json.out;
}

TEST(Config, tags_in_the_metadata_need_no_call) {
  test::Emulator aws;
  aws.set_account(kAccount);
  aws.set_account(R"({"instance": {"instance-id": "i-1", "region": "eu-west-1", "role": "orders",
                      "tags-in-metadata": true}, "deny": ["ec2:DescribeTags"]})");
  const Ended ended = command({"config", "--json"}, aws.instance_environment());
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_TRUE(has(ended.out, R"("value":"red")")) << ended.out;
  EXPECT_FALSE(has(ended.out, "ec2:DescribeTags")) << ended.out;
}

TEST(Config, what_is_denied_is_passed_over_and_told) {
  test::Emulator aws;
  aws.set_account(kAccount);
  aws.set_account(R"({"deny": ["ssm:GetParameters"]})");
  const Ended ended = command({"config"}, aws.instance_environment());
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_TRUE(has(ended.out, "Limit: 2 (hard-coded default)\n")) << ended.out;
  EXPECT_TRUE(has(ended.out, "note: ssm:GetParameters: https://localhost:")) << ended.out;
}

TEST(Start, one_message_lists_all_that_is_missing_or_wrong) {
  test::Emulator aws;
  aws.set_account(R"({"instance": {"instance-id": "i-1", "region": "eu-west-1", "role": "r"},
                      "tags": {"Limit": "lots"}, "stack_outputs": {}, "parameters": {},
                      "secrets": {}, "services": {}})");
  const Ended ended = command({"run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"},
                              aws.instance_environment());
  EXPECT_EQ(ended.status, 1);
  for (const char* part :
       {"settled: settings are missing or wrong in environment production (production, ",
        "\n  Limit: Limit \"lots\" will not do: expected a whole number (tag Limit of instance "
        "i-1)",
        "\n  Table: not found; looked for: tag Table of instance i-1, hard-coded for production, "
        "hard-coded default",
        "\n  Password: not found; looked for: tag Password of instance i-1, secret "
        "settled/db#password, ",
        "\n  Stock: not found; looked for: tag Stock of instance i-1, Cloud Map shop/stock, "})
    EXPECT_TRUE(has(ended.err, part)) << part << "---\n" << ended.err;
}

// The pages that a process has, those of its mappings that are readable, in pieces. Pages that were
// never touched are left alone: reading them would make them, and a heap's sample table reserves
// many.
template <typename Piece>
bool each_piece_of_memory(pid_t pid, Piece piece) {
  constexpr uint64_t kPage = 4096, kPagesAtATime = 512;
  constexpr uint64_t kThere = 3ull << 62;  // in memory or swapped out: proc_pid_pagemap(5)
  const std::string directory = "/proc/" + std::to_string(pid);
  std::FILE* maps = std::fopen((directory + "/maps").c_str(), "r");
  const base::Fd pagemap(open((directory + "/pagemap").c_str(), O_RDONLY | O_CLOEXEC));
  const base::Fd memory(open((directory + "/mem").c_str(), O_RDONLY | O_CLOEXEC));
  if (maps == nullptr || !pagemap || !memory) return false;
  uint64_t begin, end;
  char mode[8];
  std::string bytes;
  while (std::fscanf(maps, "%" SCNx64 "-%" SCNx64 " %4s%*[^\n]", &begin, &end, mode) == 3) {
    if (mode[0] != 'r') continue;
    for (uint64_t at = begin; at < end; at += kPagesAtATime * kPage) {
      uint64_t pages[kPagesAtATime];
      const uint64_t wanted = std::min(kPagesAtATime, (end - at) / kPage);
      const ssize_t got =
          pread(pagemap.get(), pages, wanted * 8, static_cast<off_t>(at / kPage * 8));
      const uint64_t count = got > 0 ? static_cast<uint64_t>(got) / 8 : 0;
      for (uint64_t i = 0, j; i < count; i = j + 1) {
        for (j = i; j < count && (pages[j] & kThere) != 0;) ++j;
        if (i == j) continue;
        bytes.resize((j - i) * kPage);
        const ssize_t size =
            pread(memory.get(), bytes.data(), bytes.size(), static_cast<off_t>(at + i * kPage));
        if (size > 0) piece(std::string_view(bytes.data(), static_cast<size_t>(size)));
      }
    }
  }
  std::fclose(maps);
  return true;
}

// How often any of `secrets` is in the memory of a process; -1 when it cannot be read.
int found_in_memory(pid_t pid, const std::vector<std::string>& secrets) {
  int found = 0;
  const bool readable = each_piece_of_memory(pid, [&](std::string_view bytes) {
    for (const std::string& secret : secrets) {
      for (size_t at = 0; (at = bytes.find(secret, at)) != bytes.npos; at += secret.size()) ++found;
    }
  });
  return readable ? found : -1;
}

// Ids, secret keys and session tokens that the emulator has given out.
std::vector<std::string> given_secrets(const test::Emulator& aws) {
  std::vector<std::string> secrets;
  const std::string list = aws.control("GET", "secrets");
  for (size_t at = list.find('['); (at = list.find('"', at + 1)) != list.npos;) {
    const size_t end = list.find('"', at + 1);
    if (end == list.npos) break;
    secrets.push_back(list.substr(at + 1, end - at - 1));
    at = end;
  }
  return secrets;
}

TEST(Run, has_the_values_shows_them_masked_and_keeps_credentials_to_the_keeper) {
  test::Emulator aws;
  aws.set_account(kAccount);
  // Its log goes to CloudWatch and to stdout: the keeper is in need of its credentials.
  Program program(SETTLED,
                  {"run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--logs", "both"},
                  {aws.instance_environment(), {}, {}});
  const int service = program.service_port();
  const int admin = program.admin_port();
  ASSERT_NE(service, 0) << program.err();
  ASSERT_NE(admin, 0) << program.err();
  const std::string told = whole::http(service, "/tell").body;
  EXPECT_TRUE(has(told, R"("limit":17,"table":"orders-table","colour":"red","password_bytes":13,)"
                        R"("stock":"10.0.0.1:80,10.0.0.2:81","shell":"unset")"))
      << told;
  EXPECT_TRUE(eventually(
      kPatience, [&] { return has(inside("settled", program.pid(), "/config"), "age_seconds"); }));
  const std::string page = inside("settled", program.pid(), "/config");
  for (const char* part : {"staging-2", "orders-table", "i-0123456789abcdef0", "***",
                           "secret settled/db#password", "ssm:GetParameters"})
    EXPECT_TRUE(has(page, part)) << part << "---\n" << page;
  const std::string health = inside("settled", program.pid(), "/health");
  EXPECT_TRUE(has(health, "staging-2"));

  const pid_t keeper = pid_in(health, "keeper"), own = pid_in(health, "process");
  ASSERT_GT(keeper, 0);
  ASSERT_GT(own, 0);
  ASSERT_TRUE(eventually(
      kPatience, [&] { return has(aws.control("GET", "messages?group=/orders"), "answers on"); }));
  const std::vector<std::string> secrets = given_secrets(aws);
  ASSERT_GE(secrets.size(), 3u);
  EXPECT_GE(found_in_memory(keeper, secrets), 1) << "the keeper's: what is it that was looked for?";
  EXPECT_EQ(found_in_memory(own, secrets), 0);
  EXPECT_EQ(found_in_memory(program.pid(), secrets), 0) << "the supervisor's";
  std::string shown = read_file("/proc/" + std::to_string(own) + "/environ") + program.out() +
                      program.err() + aws.messages();
  for (const char* path : {"/config", "/health", "/version", "/metrics", "/debug/pprof/cmdline"})
    shown += inside("settled", program.pid(), path);
  EXPECT_FALSE(has(shown, "correct horse"));
  for (const std::string& secret : secrets) EXPECT_FALSE(has(shown, secret)) << secret;
  EXPECT_EQ(aws.violations(), 0) << aws.report();

  // The successor of a fallen keeper shows what its predecessor had found.
  if (keeper > 1) kill(keeper, SIGKILL);
  EXPECT_TRUE(eventually(kPatience, [&] {
    const std::string again = inside("settled", program.pid(), "/config");
    return has(again, "orders-table") && has(again, "age_seconds");
  }));
  kill(program.pid(), SIGTERM);
  EXPECT_EQ(program.exit_status(kPatience), 0);
}

TEST(Run, memory_is_searched_where_there_is_something_to_find) {
  // The search above must be able to fail.
  const std::string planted = "planted" + std::to_string(getpid());
  EXPECT_GE(found_in_memory(getpid(), {planted}), 1);
}

TEST(Run, a_locator_follows_and_keeps_its_last_good_list_when_it_fails) {
  test::Emulator aws;
  aws.set_account(kAccount);
  Program program(
      SETTLED,
      {"run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--logs", "stdout-json"},
      {aws.instance_environment(), {}, {}});
  const int service = program.service_port();
  ASSERT_NE(service, 0) << program.err();
  const auto tells = [&](const char* part) {
    return eventually(kPatience, [&] { return has(whole::http(service, "/tell").body, part); });
  };
  const auto page_has = [&](const char* path, const char* part) {
    return eventually(kPatience, [&] { return has(inside("settled", program.pid(), path), part); });
  };
  EXPECT_TRUE(tells(R"("stock":"10.0.0.1:80,10.0.0.2:81")"));
  aws.set_account(R"({"services": {"shop/stock": [{"id": "c", "ip": "10.0.0.3", "port": 82}]}})");
  EXPECT_TRUE(tells(R"("stock":"10.0.0.3:82")"));
  EXPECT_TRUE(page_has("/config", "10.0.0.3:82"));
  aws.set_account(R"({"deny": ["servicediscovery:DiscoverInstances"]})");
  EXPECT_TRUE(page_has("/health", "locator Stock keeps its last good list: Cloud Map shop/stock"));
  EXPECT_TRUE(tells(R"("stock":"10.0.0.3:82")"));
  aws.set_account(
      R"({"deny": [], "services": {"shop/stock": [{"id": "d", "ip": "10.0.0.4", "port": 83}]}})");
  EXPECT_TRUE(tells(R"("stock":"10.0.0.4:83")"));
  EXPECT_TRUE(eventually(kPatience, [&] {
    return !has(inside("settled", program.pid(), "/health"), "keeps its last good list");
  }));
  kill(program.pid(), SIGTERM);
  EXPECT_EQ(program.exit_status(kPatience), 0);
}

TEST(Run, without_a_role_the_log_is_printed_and_the_page_says_why) {
  test::Emulator aws;
  aws.set_account(R"({"instance": {"instance-id": "i-1", "role": ""}})");
  Program program(PROBER, {"run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"},
                  {aws.instance_environment(), {}, {}});
  ASSERT_NE(program.service_port(), 0) << program.err();  // as its log line on stdout says
  EXPECT_TRUE(has(program.out(), R"("message":"prober )")) << "JSON";
  EXPECT_TRUE(eventually(kPatience, [&] {
    return has(inside("prober", program.pid(), "/health"),
               "CloudWatch Logs does not get it: this instance has no role");
  })) << inside("prober", program.pid(), "/health");
}

// Where there are no tags to tell the stack, it is told.
TEST(Config, in_containers_a_stack_that_is_named_is_asked) {
  test::Emulator aws;
  aws.set_account(kAccount);
  const std::vector<std::string> in_ecs = {
      "ECS_CONTAINER_METADATA_URI_V4=" + aws.url() + "/v4/0",
      "AWS_CONTAINER_CREDENTIALS_FULL_URI=" + aws.url() + "/v2/credentials/x"};
  const std::vector<std::string> in_pod = {
      "KUBERNETES_SERVICE_HOST=10.0.0.1", "AWS_REGION=eu-west-1", "AWS_EC2_METADATA_DISABLED=true",
      "AWS_ACCESS_KEY_ID=AKIAEMULATOR00000000",
      "AWS_SECRET_ACCESS_KEY=emulator/secret+key/of+forty/characters0"};
  for (std::vector<std::string> environment : {in_ecs, in_pod}) {
    environment.insert(environment.end(),
                       {"AWS_ENDPOINT_URL=" + aws.tls_url(), "AWS_CA_BUNDLE=" + aws.ca_file()});
    const Ended without = command({"config"}, environment);
    EXPECT_FALSE(has(without.out, "orders-table")) << without.out;
    EXPECT_FALSE(has(without.out, "stack orders")) << without.out;
    const Ended ended = command({"config", "--stack", "orders"}, environment);
    EXPECT_EQ(ended.status, 0) << ended.err;
    for (const char* line :
         {"stack: orders\n", "log_group: /orders\n",
          "Table: orders-table (output Table of stack orders)\n",
          "Colour: blue (output Colour of stack orders)\n  shadows grey (hard-coded default)\n"})
      EXPECT_TRUE(has(ended.out, line)) << line << "---\n" << ended.out;
    environment.emplace_back("OUTRIGGER_STACK=orders");
    EXPECT_TRUE(has(command({"config"}, environment).out, "log_group: /orders\n"));
  }
  EXPECT_EQ(aws.violations(), 0) << aws.report();
  EXPECT_TRUE(has(command({"config", "--stack", "no stack"}, {}).err,
                  "--stack \"no stack\" will not do: expected the name of a CloudFormation stack"));
}

TEST(Start, says_that_it_still_looks_for_settings) {
  test::Emulator aws;
  aws.set_account(kAccount);
  aws.set_faults(R"({"kind": "slow", "service": "ssm", "delay_ms": 2500, "count": 1})");
  Program program(SETTLED, {"run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"},
                  {aws.instance_environment(), {}, {}});
  EXPECT_TRUE(eventually(kPatience, [&] {
    return has(program.err(), "settled: still looking for settings, for ");
  })) << program.err();
  // And it goes on once they are there.
  EXPECT_TRUE(eventually(kPatience, [&] {
    return has(aws.control("GET", "messages?group=/orders"), "answers on");
  })) << program.err();
}

TEST(Signs, a_pod_whose_metadata_swallows_packets_is_not_local) {
  test::Emulator aws;
  aws.set_faults(R"([{"kind": "swallow", "service": "imds"}])");
  const Ended ended = command(
      {"config", "--json"}, with(aws.instance_environment(), {"KUBERNETES_SERVICE_HOST=10.0.0.1"}));
  EXPECT_TRUE(has(ended.out, R"("kind":"production")")) << ended.out;
  EXPECT_TRUE(has(ended.out, R"("platform":"Kubernetes")")) << ended.out;
  EXPECT_TRUE(has(ended.out, "the instance's metadata cannot be asked")) << ended.out;
}

TEST(Signs, a_task_whose_metadata_does_not_answer_is_not_local) {
  const Ended ended =
      command({"config", "--json"}, {"ECS_CONTAINER_METADATA_URI_V4=http://127.0.0.1:9/v4/x"});
  EXPECT_TRUE(has(ended.out, R"("kind":"production")")) << ended.out;
  EXPECT_TRUE(has(ended.out, R"("platform":"ECS")")) << ended.out;
}

TEST(Signs, a_task_tells_its_region_and_name) {
  test::Emulator aws;
  const std::string uri = "ECS_CONTAINER_METADATA_URI_V4=" + aws.url() + "/v4/0";
  const Ended ended = command({"config", "--json"}, {uri});
  EXPECT_TRUE(has(ended.out, R"("region":"us-east-1")")) << ended.out;
  EXPECT_TRUE(has(ended.out, R"("task":"0123456789abcdef0123456789abcdef")")) << ended.out;
}

TEST(Trust, an_endpoint_without_a_good_certificate_is_refused) {
  const struct {
    std::vector<std::string> options;
    bool own_authority;
    const char* why;
  } cases[] = {
      {{}, false, "its certificate is not trusted: "},
      {{"--certificate", "expired"},
       true,
       "its certificate is not trusted: certificate has expired"},
      {{"--certificate", "other-name"}, true, "its certificate is not trusted: hostname mismatch"}};
  for (const auto& one : cases) {
    test::Emulator aws(one.options);
    aws.set_account(kAccount);
    std::vector<std::string> environment = aws.instance_environment();
    // The system's bundle, or the one compiled in.
    if (!one.own_authority) {
      std::erase_if(environment, [](const std::string& each) {
        return each.starts_with("AWS_CA_BUNDLE=") || each.starts_with("SSL_CERT_FILE=");
      });
    }
    const Ended ended = command({"config"}, environment);
    EXPECT_EQ(ended.status, 1);
    EXPECT_TRUE(has(ended.out, "note: ssm:GetParameters: https://localhost:")) << ended.out;
    EXPECT_TRUE(has(ended.out, one.why)) << ended.out;
    EXPECT_EQ(aws.count({"calls", "total"}), -1) << "nothing was asked of it";
  }
}

TEST(Trust, credentials_over_plain_http_from_elsewhere_are_refused) {
  const Ended ended =
      command({"config"}, {"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://192.0.2.1/credentials",
                           "AWS_REGION=eu-west-1", "AWS_ENDPOINT_URL=http://127.0.0.1:9"});
  EXPECT_TRUE(has(ended.out,
                  "AWS_CONTAINER_CREDENTIALS_FULL_URI: http://192.0.2.1/credentials will "
                  "not do: credentials are fetched over plain http from loopback and "
                  "link-local addresses alone, from elsewhere over https"))
      << ended.out;
}

// The network calls of all processes of a run.
std::string network_of_a_run(const std::string& file, const std::vector<std::string>& more) {
  Scratch scratch;
  const std::string trace = scratch.path("trace");
  StartOptions options;
  // Under a tracer the file would else run as one process.
  options.environment = {"OUTRIGGER_IN_PROCESS=0"};
  std::vector<std::string> words = {"-f",       "-qq",         "-e",      "trace=network",
                                    "-o",       trace,         file,      "run",
                                    "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"};
  words.insert(words.end(), more.begin(), more.end());
  Program program("/usr/bin/strace", words, options);
  const int admin = program.admin_port();
  EXPECT_NE(admin, 0) << program.err();
  EXPECT_TRUE(eventually(kPatience, [&] { return whole::http(admin, "/readyz").status == 200; }));
  const pid_t pid = only_child_of(program.pid());  // the supervisor: the tracer is its parent
  EXPECT_GT(pid, 1);
  if (pid > 1) kill(pid, SIGTERM);
  program.exit_status(kPatience);
  return read_file(trace);
}

TEST(Signs, without_one_no_packet_goes_to_the_metadata) {
  const std::string trace = network_of_a_run(SETTLED, {});
  EXPECT_TRUE(has(trace, "bind(")) << "the trace is empty: it proves nothing";
  EXPECT_FALSE(has(trace, "169.254."));
  EXPECT_FALSE(has(trace, "fd00:ec2"));
}

// Discovery runs, but nothing says that there is an instance to ask about.
TEST(Signs, an_environment_given_by_name_is_none) {
  const std::string trace = network_of_a_run(PROBER, {"--environment", "production"});
  EXPECT_TRUE(has(trace, "bind(")) << "the trace is empty: it proves nothing";
  EXPECT_FALSE(has(trace, "169.254."));
  EXPECT_FALSE(has(trace, "fd00:ec2"));
}

}  // namespace
}  // namespace outrigger::whole
