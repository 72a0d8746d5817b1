// `prober run` with nothing but the addresses of metadata and endpoint: it finds out itself that it
// is on an instance, of which stack, and where its log goes. The API is moto's; the metadata are the
// emulator's, since moto's have neither tags nor an identity document.
#include <gtest/gtest.h>
#include <signal.h>

#include "../whole/moto.h"
#include "emulator.h"
#include "harness.h"

namespace outrigger::whole {
namespace {

TEST(DiscoveryMoto, the_log_is_in_the_group_that_the_stack_names) {
  const Moto moto;
  ASSERT_TRUE(moto.started());
  // A log group, and an output that refers to it.
  const std::string created = moto_call(
      moto.port(), "cloudformation", "Content-Type: application/x-www-form-urlencoded\r\n",
      "Action=CreateStack&Version=2010-05-15&StackName=probers&TemplateBody="
      "%7B%22Resources%22%3A%7B%22G%22%3A%7B%22Type%22%3A%22AWS%3A%3ALogs%3A%3ALogGroup%22%2C"
      "%22Properties%22%3A%7B%22LogGroupName%22%3A%22%2Fstack%2Fof-probers%22%7D%7D%7D%2C"
      "%22Outputs%22%3A%7B%22LogGroupName%22%3A%7B%22Value%22%3A%7B%22Ref%22%3A%22G%22%7D%7D%7D%"
      "7D");
  ASSERT_NE(created.find("200 OK"), std::string::npos) << created;
  const test::Emulator metadata;
  ASSERT_TRUE(metadata.started());
  metadata.set_account(R"({
      "instance": {"instance-id": "i-0123456789abcdef0", "region": "us-east-1", "role": "probers",
                   "tags-in-metadata": true},
      "tags": {"aws:cloudformation:stack-name": "probers"}})");
  StartOptions options;
  options.environment = {"AWS_EC2_METADATA_SERVICE_ENDPOINT=" + metadata.url(),
                         "AWS_ENDPOINT_URL=http://127.0.0.1:" + std::to_string(moto.port())};
  Program program(PROBER, {"run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, options);
  const std::string group = R"("logGroupName":"/stack/of-probers")";
  std::string events;
  EXPECT_TRUE(eventually(kPatience,
                         [&] {
                           events = logs_call(moto.port(), "FilterLogEvents", "{" + group + "}");
                           return events.find("answers on http://") != std::string::npos;
                         }))
      << events << program.err() << program.out();
  EXPECT_NE(events.find(R"("logStreamName": "i-0123456789abcdef0/20)"), std::string::npos)
      << events;
  EXPECT_EQ(program.out(), "") << "it is not printed besides";
  kill(program.pid(), SIGTERM);
  EXPECT_EQ(program.exit_status(kPatience), 0);
  events = logs_call(moto.port(), "FilterLogEvents", "{" + group + "}");
  EXPECT_NE(events.find("service ended: exit code 0"), std::string::npos) << events;
}

}  // namespace
}  // namespace outrigger::whole
