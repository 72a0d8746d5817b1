#include "service/options.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace outrigger::service {
namespace {

using namespace std::chrono_literals;

class OptionsTest : public testing::Test {
 protected:
  Result<std::vector<std::string>> read(std::vector<std::string> words,
                                        Words plain = Words::kRefused) {
    std::vector<OptionSpec> specs = own_specs(service.parts());
    for (OptionSpec& spec : run_specs(options)) specs.push_back(spec);
    for (OptionSpec& spec : common_specs(options)) specs.push_back(spec);
    const auto lookup = [this](const char* name) -> const char* {
      const auto found = variables.find(name);
      return found == variables.end() ? nullptr : found->second.c_str();
    };
    return read_options(specs, std::move(words), lookup, plain);
  }
  void good(std::vector<std::string> words) {
    const auto result = read(std::move(words));
    EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().message);
  }
  std::string wrong(std::vector<std::string> words) {
    const auto result = read(std::move(words));
    EXPECT_FALSE(result.ok());
    return result.ok() ? "" : result.error().message;
  }

  RunOptions options;
  std::map<std::string, std::string> variables;
  Service service{{.name = "tested"}};
  Option<std::vector<std::string>> target =
      service.option<std::vector<std::string>>("target", {.help = "a URL"});
  Option<std::chrono::milliseconds> every =
      service.option<std::chrono::milliseconds>("every", {.otherwise = 10s});
  Option<bool> loud = service.option<bool>("loud", {});
  Option<uint16_t> width = service.option<uint16_t>("width", {.otherwise = 80});
};

TEST_F(OptionsTest, defaults_hold_without_any) {
  good({});
  EXPECT_EQ(options.listen, "0.0.0.0:8080");
  EXPECT_EQ(options.level, 2u);
  EXPECT_TRUE(target->empty());
  EXPECT_EQ(*every, 10s);
  EXPECT_FALSE(*loud);
}

TEST_F(OptionsTest, one_dash_is_as_good_as_two) {
  good({"-listen", "127.0.0.1:0", "--admin=[::1]:9", "-log-level=DEBUG", "-every", "250ms"});
  EXPECT_EQ(options.listen, "127.0.0.1:0");
  EXPECT_EQ(options.admin, "[::1]:9");
  EXPECT_EQ(options.level, 1u);
  EXPECT_EQ(*every, 250ms);
}

TEST_F(OptionsTest, repeated_options_add_up_and_others_take_the_last) {
  good({"--target", "http://a", "--width", "1", "--target=http://b", "--width", "2"});
  EXPECT_EQ(*target, (std::vector<std::string>{"http://a", "http://b"}));
  EXPECT_EQ(*width, 2);
}

TEST_F(OptionsTest, switches_stand_alone_or_take_a_word) {
  good({"--loud"});
  EXPECT_TRUE(*loud);
  good({"--loud=off"});
  EXPECT_FALSE(*loud);
  good({"--in-process", "--no-confine", "--metrics", "none"});
  EXPECT_EQ(options.metrics, "none");
}

TEST_F(OptionsTest, a_variable_for_each) {
  variables = {{"OUTRIGGER_LISTEN", "127.0.0.1:1"},
               {"OUTRIGGER_LOG_LEVEL", "error"},
               {"OUTRIGGER_TARGET", " http://a  http://b\n"},
               {"OUTRIGGER_LOUD", "1"},
               {"OUTRIGGER_ADMIN", ""}};
  good({"--listen", "127.0.0.1:2"});
  EXPECT_EQ(options.listen, "127.0.0.1:2") << "what is typed goes before the variable";
  EXPECT_EQ(options.level, 4u);
  EXPECT_EQ(*target, (std::vector<std::string>{"http://a", "http://b"}));
  EXPECT_TRUE(*loud);
  EXPECT_EQ(options.admin, "") << "an empty variable is none";
}

TEST_F(OptionsTest, plain_words_are_given_back_or_refused) {
  const auto words = read({"one", "--loud", "two", "--", "--three"}, Words::kAccepted);
  ASSERT_TRUE(words.ok());
  EXPECT_EQ(*words, (std::vector<std::string>{"one", "two", "--three"}));
  EXPECT_TRUE(*loud);
  EXPECT_EQ(wrong({"serve"}), "\"serve\" is one word too many: only options are expected here");
}

TEST_F(OptionsTest, an_unknown_option_is_named_with_its_neighbour) {
  EXPECT_EQ(wrong({"--lisen", "x"}), "unknown option --lisen; the nearest known one is --listen");
  EXPECT_EQ(wrong({"-tagret=x"}), "unknown option -tagret=x; the nearest known one is --target");
  EXPECT_EQ(wrong({"--lis", "127.0.0.1:1"}),
            "unknown option --lis; the nearest known one is --listen")
      << "a beginning is not enough: a new option could make it mean another";
  EXPECT_EQ(wrong({"-x"}).find("unknown option -x; "), 0u);
  EXPECT_EQ(wrong({"--loud", "-"}), "\"-\" is one word too many: only options are expected here");
}

TEST_F(OptionsTest, a_missing_value_is_named) {
  EXPECT_EQ(wrong({"--listen"}), "--listen needs a value: ADDR:PORT");
  EXPECT_EQ(wrong({"--every"}), "--every needs a value: DURATION");
}

TEST_F(OptionsTest, values_are_validated_before_anything_starts) {
  EXPECT_EQ(wrong({"--listen", "8080"}),
            "--listen \"8080\" will not do: expected an address and a port, like 127.0.0.1:8080, "
            "[::1]:8080 or :8080");
  EXPECT_EQ(wrong({"--log-level", "loud"}),
            "--log-level \"loud\" will not do: expected trace, debug, info, warn, error or fatal");
  EXPECT_EQ(wrong({"--logs", "syslog"}),
            "--logs \"syslog\" will not do: expected cloudwatch, stdout-json, stdout-text or both");
  EXPECT_EQ(wrong({"--environment", "a b"}).find("--environment \"a b\" will not do"), 0u);
  EXPECT_EQ(wrong({"--width", "70000"}),
            "width \"70000\" will not do: expected a whole number from 0 to 65535");
  variables = {{"OUTRIGGER_EVERY", "soon"}};
  EXPECT_EQ(wrong({}),
            "OUTRIGGER_EVERY: every \"soon\" will not do: expected a duration like 250ms, 10s, "
            "1.5m, 1h30m");
}

TEST(Address, spellings) {
  const auto parsed = [](std::string_view text) {
    const Result<std::string> address = parse_address("--listen", text);
    return address.ok() ? *address : "refused";
  };
  EXPECT_EQ(parsed("127.0.0.1:8080"), "127.0.0.1:8080");
  EXPECT_EQ(parsed(":8080"), "0.0.0.0:8080");
  EXPECT_EQ(parsed("[::1]:0"), "[::1]:0");
  EXPECT_EQ(parsed("localhost:65535"), "localhost:65535");
  EXPECT_EQ(parsed("unix:/run/x.sock"), "unix:/run/x.sock");
  for (const char* bad :
       {"", ":", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80",
        "[::1:80", "[::g]:80", "256.0.0.1:80", "example.org:80", "127.0.0.1:8080 ", "unix:"}) {
    EXPECT_EQ(parsed(bad), "refused") << bad;
  }
}

TEST(Address, variable_names) { EXPECT_EQ(variable_of("log-level"), "OUTRIGGER_LOG_LEVEL"); }

}  // namespace
}  // namespace outrigger::service
