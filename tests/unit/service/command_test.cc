// The command line of a program, as run() answers it in a process that was started for a command.
#include "service/commands.h"

#include <gtest/gtest.h>

#include <pthread.h>
#include <signal.h>

#include <condition_variable>
#include <mutex>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "outrigger/outrigger.h"
#include "service/nearest.h"

namespace outrigger::service {
namespace {

struct Outcome {
  int status = 0;
  std::string out;
  std::string err;
};

class CommandTest : public testing::Test {
 protected:
  CommandTest() {
    service.setting<std::string>("Greeting", {.in_local = "Hi"});
    service.option<bool>("loud", {.help = "in capitals"});
    service.operation("greet", "Greets one person.")
        .arg<std::string>("name", "whom to greet")
        .read_only()
        .does([](const std::string& name) -> Result<Json> {
          if (name.empty()) return bad_input("name", name, "at least one character");
          return Json{{"greeting", "Hi, " + name}};
        });
    service.operation("sum", "Adds.")
        .rest<double>("number", "what to add")
        .does([](const std::vector<double>& all) -> Result<Json> {
          return Json(std::accumulate(all.begin(), all.end(), 0.0));
        });
    service.operation("count", "Counts.")
        .arg<int>("to", "how far", 3)
        .arg<bool>("fail", "at the end", false)
        .cli_only()
        .streams([](Lines& lines, int to, bool fail) -> Result<void> {
          for (int i = 1; i <= to && lines.write(i); ++i) {
          }
          return fail ? Result<void>(failed("asked to")) : Result<void>();
        });
    service.operation("nap", "Waits for its end.").does([](const Call& call) -> Result<Json> {
      std::mutex mutex;
      std::unique_lock lock(mutex);
      std::condition_variable_any().wait(lock, call.token(), [] { return false; });
      return call.why();
    });
  }

  Outcome run(std::vector<std::string> words) {
    words.insert(words.begin(), "/usr/bin/hello");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Outcome outcome;
    outcome.status = outrigger::run(static_cast<int>(words.size()), argv.data(), service);
    outcome.out = testing::internal::GetCapturedStdout();
    outcome.err = testing::internal::GetCapturedStderr();
    return outcome;
  }

  Service service{{.name = "hello", .about = "Greets people."}};
};

TEST_F(CommandTest, version_in_all_its_forms_is_one_line_alone) {
  for (const char* word : {"version", "-v", "-version", "--version"}) {
    const Outcome outcome = run({word});
    EXPECT_EQ(outcome.status, 0) << word;
    EXPECT_EQ(outcome.out, std::string(version()) + "\n") << word;
    EXPECT_EQ(outcome.err, "") << word;
  }
}

TEST_F(CommandTest, help_in_all_its_forms) {
  const Outcome help = run({"help"});
  EXPECT_EQ(help.status, 0);
  for (const char* word : {"-h", "-help", "--help"}) EXPECT_EQ(run({word}).out, help.out) << word;
  for (const char* part :
       {"Greets people.", "greet NAME", "GET /greet?name=", "health [URL]", "--listen ADDR:PORT",
        "--loud", "in capitals", "(default: 0.0.0.0:8080)"}) {
    EXPECT_NE(help.out.find(part), std::string::npos) << part << "\n" << help.out;
  }
  for (const char* word : {"  template", "  user-data", "  -init"})
    EXPECT_NE(help.out.find(word), std::string::npos) << word;
}

TEST_F(CommandTest, help_for_one_command) {
  const Outcome greet = run({"help", "greet"});
  EXPECT_EQ(greet.status, 0);
  EXPECT_EQ(greet.out.find("Usage: hello greet NAME\n"), 0u) << greet.out;
  EXPECT_EQ(run({"greet", "--help"}).out, greet.out);
  EXPECT_EQ(run({"help", "config"}).out.find("Usage: hello config [--json]\n"), 0u);
  const Outcome run_help = run({"run", "--help"});
  EXPECT_EQ(run_help.status, 0);
  EXPECT_NE(run_help.out.find("--log-level LEVEL"), std::string::npos) << run_help.out;
  EXPECT_EQ(run({"help", "gret"}).status, 2);
}

TEST_F(CommandTest, an_operation_prints_its_result) {
  const Outcome outcome = run({"greet", "Ada"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "{\"greeting\":\"Hi, Ada\"}\n");
  EXPECT_EQ(run({"greet", "--loud", "Ada"}).out, outcome.out);
}

TEST_F(CommandTest, parameters_by_name) {
  const std::string ada = run({"greet", "Ada"}).out;
  EXPECT_EQ(run({"greet", "--name", "Ada"}).out, ada);
  EXPECT_EQ(run({"greet", "-name=Ada"}).out, ada);
  EXPECT_EQ(run({"greet", "--name", "Ada", "Bob"}).err,
            "hello: \"Bob\" is one word too many: expected greet NAME\n");
  EXPECT_EQ(run({"greet", "--nme", "Ada"}).err,
            "hello: unknown option --nme; the nearest known one is --name\n");
}

TEST_F(CommandTest, negative_numbers_are_values) {
  EXPECT_EQ(run({"sum", "5", "-3", "-.5"}).out, "1.5\n");
  EXPECT_EQ(run({"sum", "--number", "-3", "--number=-4"}).out, "-7\n");
  EXPECT_EQ(run({"sum", "-x"}).status, 2);
}

TEST_F(CommandTest, lines_are_printed_as_they_come) {
  EXPECT_EQ(run({"count"}).out, "1\n2\n3\n");
  const Outcome failed = run({"count", "2", "--fail"});
  EXPECT_EQ(failed.out, "1\n2\n");
  EXPECT_EQ(failed.err, "hello: asked to\n");
  EXPECT_EQ(failed.status, 1);
}

TEST_F(CommandTest, the_time_can_be_limited) {
  const Outcome outcome = run({"nap", "--within", "10ms"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err, "hello: the time was over before there was a result\n");
}

TEST_F(CommandTest, an_interrupt_cancels) {
  std::thread interrupting([main = pthread_self()] {
    // The signal counts from when the command has its handler in place.
    struct sigaction now {};
    do {
      std::this_thread::yield();
      sigaction(SIGINT, nullptr, &now);
    } while (now.sa_handler == SIG_DFL);
    pthread_kill(main, SIGINT);
  });
  const Outcome outcome = run({"nap"});
  interrupting.join();
  EXPECT_EQ(outcome.status, 128 + SIGINT);
  EXPECT_EQ(outcome.err, "hello: cancelled: nobody waits for the result any more\n");
  struct sigaction after {};
  sigaction(SIGINT, nullptr, &after);
  EXPECT_EQ(after.sa_handler, SIG_DFL) << "as it was before";
}

TEST_F(CommandTest, an_operations_error_is_one_line_and_status_1) {
  const Outcome missing = run({"greet"});
  EXPECT_EQ(missing.status, 1);
  EXPECT_EQ(missing.out, "");
  EXPECT_EQ(missing.err, "hello: name is missing: whom to greet\n");
  const Outcome empty = run({"greet", ""});
  EXPECT_EQ(empty.status, 1);
  EXPECT_EQ(empty.err, "hello: name \"\" will not do: expected at least one character\n");
}

TEST_F(CommandTest, an_operation_is_reached_by_op_as_well) {
  EXPECT_EQ(run({"op", "greet", "Ada"}).out, "{\"greeting\":\"Hi, Ada\"}\n");
  EXPECT_EQ(run({"op"}).status, 2);
  const Outcome unknown = run({"op", "gret"});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_EQ(unknown.err, "hello: unknown operation \"gret\"; the nearest known one is \"greet\"\n");
}

TEST_F(CommandTest, an_unknown_word_is_named_with_its_neighbour) {
  const Outcome outcome = run({"confg"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err, "hello: unknown word \"confg\"; the nearest known one is \"config\"\n");
  EXPECT_EQ(run({"gret"}).err,
            "hello: unknown word \"gret\"; the nearest known one is \"greet\"\n");
  EXPECT_EQ(run({"greet", "--lod", "Ada"}).status, 2);
}

TEST_F(CommandTest, delivery_needs_the_operations_object) {
  for (const char* word : {"template", "user-data", "push", "init"}) {
    const Outcome outcome = run({word});
    EXPECT_EQ(outcome.status, 1) << word;
    EXPECT_EQ(outcome.err.find("hello: " + std::string(word) + " needs the operations object"), 0u)
        << outcome.err;
  }
}

TEST_F(CommandTest, config_says_where_each_value_is_from) {
  const Outcome text = run({"config", "--environment", "local"});
  EXPECT_EQ(text.status, 0);
  EXPECT_EQ(text.out,
            "environment: local (named by --environment)\nGreeting: Hi (hard-coded for local)\n");
  const Outcome json = run({"config", "--json", "--environment=local"});
  EXPECT_EQ(
      json.out,
      R"({"environment":"local","kind":"local","environment_why":"named by --environment","place":{},)"
      R"("settings":[{"name":"Greeting","value":"Hi","from":"hard-coded for local","type":"text",)"
      R"("help":"","secret":false,"shadowed":[]}],"notes":[],"actions":[]})"
      "\n");
  const Outcome missing = run({"config", "--environment", "prod-eu"});
  EXPECT_EQ(missing.status, 1);
  EXPECT_NE(missing.err.find("in environment prod-eu (production, named by --environment):\n"
                             "  Greeting: not found; looked for: hard-coded for production, "),
            std::string::npos)
      << missing.err;
}

TEST_F(CommandTest, without_the_roles_nothing_is_served) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{}, {"run"}, {"--listen", ":0"}}) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.status, 1);
    EXPECT_NE(outcome.err.find("outrigger_add_service"), std::string::npos) << outcome.err;
  }
}

TEST_F(CommandTest, a_wrong_declaration_stops_every_command) {
  service.operation("greet", "Again.").does([]() -> Result<Json> { return Json(); });
  const Outcome outcome = run({"version"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err, "hello: operation \"greet\" is declared twice\n");
}

TEST(Nearest, counts_edits) {
  EXPECT_EQ(edits("", ""), 0u);
  EXPECT_EQ(edits("abc", ""), 3u);
  EXPECT_EQ(edits("probe", "porbe"), 1u) << "neighbours swapped are one slip";
  EXPECT_EQ(edits("kitten", "sitting"), 3u);
  EXPECT_EQ(nearest("x", {}), "");
  EXPECT_EQ(nearest(std::string(1'000'000, 'r'), {"run", "op"}), "run");
}

}  // namespace
}  // namespace outrigger::service
