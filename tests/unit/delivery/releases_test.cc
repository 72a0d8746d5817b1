// Files as -init changes them, and the versions that lie on a machine.
#include "delivery/releases.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "delivery/files.h"
#include "facts.h"

namespace outrigger::delivery {
namespace {

class ReleasesTest : public testing::Test {
 protected:
  ReleasesTest() {
    char name[] = "/dev/shm/releases-XXXXXX";
    root_ = mkdtemp(name);
    (void)write_text(file("one"), "first");
    (void)write_text(file("two"), "second");
  }
  ~ReleasesTest() override { (void)remove_all(root_); }
  std::string file(const std::string& name) const { return root_ + "/" + name; }
  static std::string text_of(const std::string& path) {
    const auto text = read_text(path);
    return text && *text ? **text : "(none)";
  }

  std::string root_;
  const Facts facts_ = prober_facts();
  const std::vector<Definition> definitions_{{"/etc/systemd/system/prober.service", "[Unit]\n"}};
};

TEST_F(ReleasesTest, a_version_is_there_whole_with_its_definition) {
  const Releases releases(facts_, root_, "/opt");
  EXPECT_EQ(releases.program_seen(), "/opt/prober/current/prober");
  ASSERT_TRUE(releases.install("1.0.a", file("one"), definitions_).ok());
  EXPECT_EQ(text_of(root_ + "/opt/prober/1.0.a/prober"), "first");
  EXPECT_EQ(text_of(root_ + "/opt/prober/1.0.a/prober.service"), "[Unit]\n");
  struct stat status;
  ASSERT_EQ(stat((root_ + "/opt/prober/1.0.a/prober").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0755u);
  EXPECT_EQ(releases.all(), std::vector<std::string>{"1.0.a"});
  EXPECT_TRUE(releases.holds("1.0.a", file("one")));
  EXPECT_FALSE(releases.holds("1.0.a", file("two")));
}

TEST_F(ReleasesTest, the_link_is_switched_and_never_missing) {
  const Releases releases(facts_, root_, "/opt");
  ASSERT_TRUE(releases.install("1", file("one"), {}).ok());
  ASSERT_TRUE(releases.install("2", file("two"), {}).ok());
  EXPECT_EQ(releases.current(), "");
  ASSERT_TRUE(releases.switch_to("1").ok());
  ASSERT_TRUE(releases.switch_to("2").ok());
  EXPECT_EQ(releases.current(), "2");
  EXPECT_EQ(text_of(root_ + "/opt/prober/current/prober"), "second");
  ASSERT_TRUE(releases.switch_to("").ok());
  EXPECT_EQ(releases.current(), "");
}

TEST_F(ReleasesTest, other_bytes_under_the_same_version_get_a_directory_of_their_own) {
  const Releases releases(facts_, root_, "/opt");
  EXPECT_EQ(releases.name_for("1.0.a+CHANGES", file("one")), "1.0.a+CHANGES");
  ASSERT_TRUE(releases.install("1.0.a+CHANGES", file("one"), {}).ok());
  EXPECT_EQ(releases.name_for("1.0.a+CHANGES", file("one")), "1.0.a+CHANGES");
  // sha256sum of "second"
  EXPECT_EQ(releases.name_for("1.0.a+CHANGES", file("two")), "1.0.a+CHANGES.16367aac");
}

TEST_F(ReleasesTest, what_a_killed_run_left_is_told_and_cleaned) {
  const Releases releases(facts_, root_, "/opt");
  EXPECT_FALSE(releases.unfinished().has_value());
  ASSERT_TRUE(releases.begin("1.0.a").ok());
  EXPECT_EQ(releases.unfinished(), "1.0.a");
  ASSERT_TRUE(releases.begin("").ok());
  EXPECT_EQ(releases.unfinished(), "");
  ASSERT_TRUE(make_directories(root_ + "/opt/prober/.new-2").ok());
  releases.clean();
  EXPECT_FALSE(is_there(root_ + "/opt/prober/.new-2"));
  ASSERT_TRUE(releases.finish().ok());
  EXPECT_FALSE(releases.unfinished().has_value());
}

TEST_F(ReleasesTest, one_at_a_time) {
  const auto held = lock_directory(root_);
  ASSERT_TRUE(held.ok());
  const auto second = lock_directory(root_);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().message,
            "another -init of this service is under way: it holds " + root_);
  close(*held);
  EXPECT_TRUE(lock_directory(root_).ok());
}

TEST_F(ReleasesTest, what_cannot_be_written_is_one_sentence) {
  const auto below_a_file = write_text(file("one") + "/x/y", "text");
  ASSERT_FALSE(below_a_file.ok());
  EXPECT_NE(below_a_file.error().message.find("cannot be made: "), std::string::npos)
      << below_a_file.error().message;
  const auto full = copy_program(file("one"), "/dev/full");
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().message, "/dev/full cannot be written: the disk is full");
}

}  // namespace
}  // namespace outrigger::delivery
