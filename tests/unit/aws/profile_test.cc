// The files of a person's AWS settings.
#include "aws/profile.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

namespace outrigger::aws {
namespace {

class Home {
 public:
  explicit Home(const std::string& config, const std::string& credentials)
      : path_(testing::TempDir() + "/outrigger-home-" + std::to_string(getpid())) {
    std::filesystem::create_directories(path_ + "/.aws");
    std::ofstream(path_ + "/.aws/config") << config;
    std::ofstream(path_ + "/.aws/credentials") << credentials;
  }
  ~Home() { std::filesystem::remove_all(path_); }

  Result<Variables> with(std::map<std::string, std::string> values) const {
    values["HOME"] = path_;
    return with_profile([values](const char* name) {
      const auto found = values.find(name);
      return found == values.end() ? std::string() : found->second;
    });
  }

 private:
  const std::string path_;
};

constexpr const char* kConfig =
    "# people\n[default]\nregion=eu-west-1\n\n[profile work]\nregion = eu-north-1 # the near one\n"
    "s3 =\n  region = not-this-one\n[ profile staff ]\nsso_session = staff\nregion = us-east-1\n"
    "[profile chained]\nrole_arn = arn:aws:iam::123456789012:role/it\nsource_profile = work\n";
constexpr const char* kCredentials =
    "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = a+b/c=#d\n"
    "[work]\r\naws_access_key_id=AKIAWORK\r\naws_secret_access_key=w\r\naws_session_token=t==\r\n";

TEST(Profile, the_default_one_without_being_named) {
  const auto found = Home(kConfig, kCredentials).with({});
  ASSERT_TRUE(found);
  EXPECT_EQ((*found)("AWS_ACCESS_KEY_ID"), "AKIADEFAULT");
  EXPECT_EQ((*found)("AWS_SECRET_ACCESS_KEY"), "a+b/c=#d") << "a comment has a space before it";
  EXPECT_EQ((*found)("AWS_SESSION_TOKEN"), "");
  EXPECT_EQ((*found)("AWS_REGION"), "eu-west-1");
}

TEST(Profile, the_one_that_is_named_with_what_both_files_say) {
  const auto found = Home(kConfig, kCredentials).with({{"AWS_PROFILE", "work"}});
  ASSERT_TRUE(found);
  EXPECT_EQ((*found)("AWS_ACCESS_KEY_ID"), "AKIAWORK");
  EXPECT_EQ((*found)("AWS_SECRET_ACCESS_KEY"), "w");
  EXPECT_EQ((*found)("AWS_SESSION_TOKEN"), "t==");
  EXPECT_EQ((*found)("AWS_REGION"), "eu-north-1");
}

TEST(Profile, variables_are_stronger_and_never_mixed_with_its_keys) {
  const Home home(kConfig, kCredentials);
  const auto keys = home.with({{"AWS_PROFILE", "work"},
                               {"AWS_ACCESS_KEY_ID", "AKIAOWN"},
                               {"AWS_SECRET_ACCESS_KEY", "own"},
                               {"AWS_DEFAULT_REGION", "sa-east-1"}});
  ASSERT_TRUE(keys);
  EXPECT_EQ((*keys)("AWS_ACCESS_KEY_ID"), "AKIAOWN");
  EXPECT_EQ((*keys)("AWS_SESSION_TOKEN"), "") << "that one belongs to other keys";
  EXPECT_EQ((*keys)("AWS_REGION"), "") << "AWS_DEFAULT_REGION has it";
  const auto role = home.with({{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"}});
  ASSERT_TRUE(role);
  EXPECT_EQ((*role)("AWS_ACCESS_KEY_ID"), "");
  EXPECT_EQ((*role)("AWS_REGION"), "eu-west-1");
}

TEST(Profile, what_cannot_be_had_is_said) {
  const Home home(kConfig, kCredentials);
  EXPECT_EQ(home.with({{"AWS_PROFILE", "wrok"}}).error().message,
            "AWS_PROFILE \"wrok\" will not do: expected a profile of ~/.aws/config or "
            "~/.aws/credentials");
  for (const auto& [name, way] : {std::pair("staff", "sso_session"), {"chained", "role_arn"}}) {
    const auto found = home.with({{"AWS_PROFILE", name}});
    ASSERT_FALSE(found) << name;
    EXPECT_NE(found.error().message.find("has its keys by " + std::string(way)), std::string::npos)
        << found.error().message;
    EXPECT_NE(found.error().message.find("export-credentials --profile " + std::string(name)),
              std::string::npos);
  }
  // With keys of one's own, nobody needs those.
  EXPECT_TRUE(home.with({{"AWS_PROFILE", "wrok"},
                         {"AWS_ACCESS_KEY_ID", "AKIAOWN"},
                         {"AWS_SECRET_ACCESS_KEY", "own"}}));
}

TEST(Profile, without_files_all_is_as_before) {
  const auto found = Home("", "").with({{"AWS_REGION", "eu-west-1"}});
  ASSERT_TRUE(found);
  EXPECT_EQ((*found)("AWS_REGION"), "eu-west-1");
  EXPECT_EQ((*found)("AWS_ACCESS_KEY_ID"), "");
}

}  // namespace
}  // namespace outrigger::aws
