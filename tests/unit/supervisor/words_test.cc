// What a command line asks for: the table of docs/ARCHITECTURE.md.
#include "supervisor/words.h"

#include <gtest/gtest.h>

#include <vector>

namespace outrigger::supervisor {
namespace {

Asks asks_of(std::vector<const char*> words, Program program) {
  words.insert(words.begin(), "prober");
  words.push_back(nullptr);
  return asks(static_cast<int>(words.size()) - 1, words.data(), program);
}
Asks asks_of(std::vector<const char*> words) {
  return asks_of(std::move(words), Program::kOwnWords);
}

TEST(Words, nothing_run_and_options_mean_run) {
  EXPECT_EQ(asks_of({}), Asks::kRun);
  EXPECT_EQ(asks_of({"run"}), Asks::kRun);
  EXPECT_EQ(asks_of({"run", "--listen", ":0"}), Asks::kRun);
  EXPECT_EQ(asks_of({"--target", "http://x/"}), Asks::kRun);
  EXPECT_EQ(asks_of({"-target", "http://x/"}), Asks::kRun);
  EXPECT_EQ(asks_of({"--health"}), Asks::kRun);
}

TEST(Words, no_arguments_at_all_mean_run) {
  const char* const none[] = {nullptr};
  EXPECT_EQ(asks(0, none, Program::kOwnWords), Asks::kRun);
}

TEST(Words, contract_words_and_operations_are_commands) {
  for (const char* word :
       {"version",   "-v",     "--v",  "-version", "--version", "help",   "-h",     "--h",
        "-help",     "--help", "init", "-init",    "--init",    "health", "config", "template",
        "user-data", "push",   "op",   "sbom",     "profile",   "probe"}) {
    EXPECT_EQ(asks_of({word}), Asks::kCommand) << word;
  }
}

TEST(Words, help_for_run_needs_no_crew) {
  EXPECT_EQ(asks_of({"run", "--help"}), Asks::kCommand);
  EXPECT_EQ(asks_of({"run", "-h"}), Asks::kCommand);
}

TEST(Words, adopted_program_keeps_its_own_words) {
  EXPECT_EQ(asks_of({"probe"}, Program::kAdopted), Asks::kRun);
  EXPECT_EQ(asks_of({"-c", "file"}, Program::kAdopted), Asks::kRun);
  EXPECT_EQ(asks_of({"run", "--help"}, Program::kAdopted), Asks::kRun);
  EXPECT_EQ(asks_of({"version"}, Program::kAdopted), Asks::kCommand);
  EXPECT_EQ(asks_of({"--init"}, Program::kAdopted), Asks::kCommand);
  EXPECT_EQ(asks_of({"health"}, Program::kAdopted), Asks::kCommand);
}

TEST(Words, in_process_is_found_before_a_double_dash_only) {
  const char* const with[] = {"prober", "run", "--in-process", nullptr};
  const char* const single[] = {"prober", "-in-process", nullptr};
  const char* const behind[] = {"prober", "--", "--in-process", nullptr};
  const char* const name[] = {"--in-process", nullptr};
  EXPECT_TRUE(asks_in_process(3, with));
  EXPECT_TRUE(asks_in_process(2, single));
  EXPECT_FALSE(asks_in_process(3, behind));
  EXPECT_FALSE(asks_in_process(1, name));
}

TEST(Words, contract_words_are_no_names_for_operations) {
  EXPECT_TRUE(is_contract_word("run"));
  EXPECT_TRUE(is_contract_word("user-data"));
  EXPECT_TRUE(is_contract_word("--init"));
  EXPECT_FALSE(is_contract_word("-health"));
  EXPECT_FALSE(is_contract_word("v"));
  EXPECT_FALSE(is_contract_word("probe"));
  EXPECT_FALSE(is_contract_word(""));
  EXPECT_FALSE(is_contract_word("--"));
}

}  // namespace
}  // namespace outrigger::supervisor
