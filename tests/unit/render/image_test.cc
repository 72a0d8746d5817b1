#include "render/image.h"

#include <gtest/gtest.h>

#include <cstring>
#include <source_location>

#include "outrigger/internal/record.h"

extern "C" [[gnu::visibility("hidden")]] const char __ehdr_start[];

namespace outrigger::render {
namespace {

constexpr char kFormat[] = "probed {url}";
constexpr internal::ArgumentType kTypes[] = {internal::ArgumentType::kText,
                                             internal::ArgumentType::kEnd};
char g_writable[] = "not constant";

uint32_t offset_of(const void* address) {
  return static_cast<uint32_t>(static_cast<const char*>(address) - __ehdr_start);
}

TEST(Image, constants_of_the_program_are_found) {
  const Image image = Image::of_program();
  size_t length = 0;
  EXPECT_STREQ(image.text_at(offset_of(kFormat), length), kFormat);
  EXPECT_EQ(length, strlen(kFormat));
  std::span<const uint8_t> types;
  ASSERT_TRUE(image.types_at(offset_of(kTypes), types));
  EXPECT_EQ(types.size(), 1u);

  const auto here = std::source_location::current();
  const void* constant;
  memcpy(&constant, &here, sizeof(constant));
  Site site;
  ASSERT_TRUE(image.site_at(offset_of(constant), site));
  EXPECT_EQ(site.file, here.file_name());
  EXPECT_EQ(site.line, here.line());
}

TEST(Image, writable_data_stack_and_far_offsets_are_refused) {
  const Image image = Image::of_program();
  size_t length = 0;
  std::span<const uint8_t> types;
  Site site;
  EXPECT_EQ(image.text_at(offset_of(g_writable), length), nullptr);
  EXPECT_EQ(image.text_at(offset_of(&length), length), nullptr);
  for (const uint32_t offset : {0x40000000u, UINT32_MAX, UINT32_MAX - 8}) {
    EXPECT_EQ(image.text_at(offset, length), nullptr);
    EXPECT_FALSE(image.site_at(offset, site));
    EXPECT_FALSE(image.types_at(offset, types));
  }
}

TEST(Image, a_site_whose_pointers_lead_elsewhere_is_refused) {
  const Image image = Image::of_program();
  static struct {
    const char* file;
    const char* function;
    unsigned line, column;
  } forged = {g_writable, kFormat, 1, 1};
  Site site;
  EXPECT_FALSE(image.site_at(offset_of(&forged), site));
  forged = {kFormat, g_writable, 1, 1};
  EXPECT_FALSE(image.site_at(offset_of(&forged), site));
  forged = {kFormat, reinterpret_cast<const char*>(8), 1, 1};
  EXPECT_FALSE(image.site_at(offset_of(&forged), site));
  forged = {kFormat, kFormat, 7, 1};
  EXPECT_TRUE(image.site_at(offset_of(&forged), site));
}

TEST(Image, text_must_end_inside_and_be_bounded) {
  const std::string unended(64, 'x');
  size_t length = 0;
  EXPECT_EQ(Image(std::string_view(unended.data(), 64)).text_at(0, length), nullptr);
  std::string text = std::string(kConstantTextMax, 'x') + '\0';
  EXPECT_NE(Image(text).text_at(0, length), nullptr);
  EXPECT_EQ(length, kConstantTextMax);
  text = std::string(kConstantTextMax + 1, 'x') + '\0';
  EXPECT_EQ(Image(text).text_at(0, length), nullptr);
}

TEST(Image, every_offset_of_the_program_is_safe_to_ask_for) {
  const Image image = Image::of_program();
  size_t found = 0;
  for (uint32_t offset = 0; offset < (8u << 20); offset += 13) {
    size_t length = 0;
    Site site;
    std::span<const uint8_t> types;
    found += image.text_at(offset, length) != nullptr;
    found += image.site_at(offset, site);
    found += image.types_at(offset, types);
  }
  EXPECT_GT(found, 0u);
}

TEST(Image, types_must_end_and_exist) {
  std::string list(internal::kRecordArgumentsMax - 1, '\x03');
  std::span<const uint8_t> types;
  EXPECT_FALSE(Image(list).types_at(0, types));
  list += '\0';
  ASSERT_TRUE(Image(list).types_at(0, types));
  EXPECT_EQ(types.size(), internal::kRecordArgumentsMax - 1);
  list[4] = static_cast<char>(internal::ArgumentType::kLast) + 1;
  EXPECT_FALSE(Image(list).types_at(0, types));
}

}  // namespace
}  // namespace outrigger::render
