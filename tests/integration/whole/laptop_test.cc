// Twelve services at once on one machine, all with port 0: each is found by its own commands. Their
// names are the test's own: who runs a `hello` of another kind meanwhile is not met.
#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <set>

#include "harness.h"

namespace outrigger::whole {
namespace {

constexpr auto kPatience = 120s;
constexpr const char* kNames[] = {"basket",    "billing",  "catalog",  "customers",
                                  "hello",     "identity", "invoices", "orders",
                                  "recommend", "prober",   "search",   "stock"};

Program& start(std::vector<std::unique_ptr<Program>>& all, const std::string& file) {
  return *all.emplace_back(std::make_unique<Program>(
      file, std::vector<std::string>{"run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}));
}

TEST(Laptop, twelve_services_with_port_0_are_each_found_by_name) {
  const Scratch scratch;
  std::vector<std::string> files;
  for (const char* name : kNames) {
    files.push_back(scratch.path(std::string(name) + "-" + std::to_string(getpid())));
    ASSERT_EQ(symlink(NAMESAKE, files.back().c_str()), 0);
  }
  std::vector<std::unique_ptr<Program>> all;
  for (const std::string& file : files) start(all, file);
  std::set<int> taken;
  for (const auto& program : all) {
    taken.insert(program->service_port(kPatience));
    taken.insert(program->admin_port(kPatience));
  }
  EXPECT_EQ(taken.size(), 24u);
  EXPECT_EQ(taken.count(0), 0u) << "one did not start";

  for (size_t i = 0; i < files.size(); ++i) {
    Program health(files[i], {"health", "--json"});
    EXPECT_EQ(health.exit_status(kPatience), 0) << files[i] << health.err();
    const std::string page = health.out();
    const std::string name = files[i].substr(files[i].rfind('/') + 1);
    EXPECT_NE(page.find("\"service\": \"" + name + "\""), std::string::npos) << page;
    const size_t process = page.find("\"process\"");
    ASSERT_NE(process, std::string::npos) << page;
    const auto pid = json_number(page.substr(process), "pid");
    const std::string of_that = read_file("/proc/" + std::to_string(pid.value_or(0)) + "/status");
    EXPECT_NE(of_that.find("PPid:\t" + std::to_string(all[i]->pid()) + "\n"), std::string::npos)
        << "another one's page";
    Program who(files[i], {"who"});
    EXPECT_EQ(who.exit_status(kPatience), 0) << who.err();
    EXPECT_EQ(json_number(who.out(), "parent"), all[i]->pid());
  }
}

}  // namespace
}  // namespace outrigger::whole
