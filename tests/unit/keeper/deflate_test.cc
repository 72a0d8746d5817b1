// What is packed comes out again, by another's hand.
#include "keeper/deflate.h"

#include <gtest/gtest.h>
#include <libdeflate.h>

#include <random>
#include <string>

#include "lines_for_shipping.h"

namespace outrigger::keeper {
namespace {

std::string packed(std::string_view text, size_t piece = Deflater::kBlockBytes) {
  PackedBytes out;
  Gzip gzip;
  gzip.begin(out);
  for (size_t at = 0; at < text.size(); at += piece) gzip.block(text.substr(at, piece), out);
  gzip.end(out);
  return std::string(out.text());
}

std::string unpacked(std::string_view bytes, size_t size) {
  libdeflate_decompressor* const with = libdeflate_alloc_decompressor();
  std::string text(size + 1, '\0');
  size_t got = 0, used = 0;
  const auto result = libdeflate_gzip_decompress_ex(with, bytes.data(), bytes.size(), text.data(),
                                                    text.size(), &used, &got);
  libdeflate_free_decompressor(with);
  EXPECT_EQ(result, LIBDEFLATE_SUCCESS);
  EXPECT_EQ(used, bytes.size());
  text.resize(got);
  return text;
}

void expect_same(const std::string& text, size_t piece = Deflater::kBlockBytes) {
  EXPECT_TRUE(unpacked(packed(text, piece), text.size()) == text) << text.size() << " bytes";
}

std::string noise(size_t bytes, unsigned symbols, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::string text(bytes, '\0');
  for (char& c : text) c = static_cast<char>(random() % symbols);
  return text;
}

TEST(Deflate, any_length_from_nothing_on) {
  const std::string text = noise(700, 3);
  for (size_t size = 0; size <= text.size(); ++size) expect_same(text.substr(0, size));
}

TEST(Deflate, runs_of_any_length) {
  for (size_t size = 1; size < 1'100; size += 7) expect_same(std::string(size, 'x') + "y");
  expect_same(std::string(400'000, 'x'));
}

TEST(Deflate, distances_up_to_32_kib_and_no_more) {
  const std::string word = "a word that is long enough";
  for (const size_t between : {1u, 5u, 32'741u, 32'742u, 32'743u, 40'000u})
    expect_same(word + noise(between, 256) + word);
}

TEST(Deflate, noise_is_stored_and_grows_by_little) {
  const std::string text = noise(300'000, 256);
  expect_same(text);
  EXPECT_LT(packed(text).size(), text.size() + 200);
}

TEST(Deflate, more_matches_than_a_block_holds) {
  // Words of six bytes in any order: a match every few bytes.
  std::mt19937 random(7);
  std::string text;
  while (text.size() < 500'000) text += "word" + std::to_string(10 + random() % 90);
  expect_same(text);
}

TEST(Deflate, pieces_of_any_size) {
  std::string text;
  for (uint64_t i = 0; i < 40; ++i) text += line_at(kNoonMs, i, std::string(i, 'x'));
  for (const size_t piece : {1u, 2u, 17u, 1'000u}) expect_same(text, piece);
}

TEST(Deflate, what_no_shorter_codes_may_be_longer_than_is_cut) {
  // Frequencies like Fibonacci's ask for codes of 25 bits.
  std::vector<uint32_t> frequencies(30);
  for (uint32_t i = 0, next = 1, last = 1; i < 30; ++i) {
    frequencies[i] = next;
    next += std::exchange(last, next);
  }
  std::string text;
  for (size_t i = 0; i < 24; ++i) text.append(frequencies[i], static_cast<char>('a' + i));
  std::mt19937 random(1);
  std::shuffle(text.begin(), text.end(), random);
  expect_same(text.substr(0, Deflater::kBlockBytes));
  std::vector<Code> codes(30);
  for (const unsigned bits_max : {5u, 7u, 15u}) {
    make_codes(frequencies, bits_max, codes);
    uint64_t room = 0;
    for (const Code& code : codes) {
      EXPECT_GE(code.count, 1u);
      EXPECT_LE(code.count, bits_max);
      room += uint64_t{1} << (bits_max - code.count);
    }
    EXPECT_EQ(room, uint64_t{1} << bits_max) << "complete, and no more";
  }
}

TEST(Deflate, a_log_shrinks) {
  std::string text;
  for (uint64_t i = 0; i < 3'000; ++i)
    text += line_at(kNoonMs + static_cast<int64_t>(i / 10), i, "order " + std::to_string(i * 977));
  expect_same(text);
  EXPECT_LT(packed(text).size(), text.size() / 15);
}

TEST(Deflate, random_mixtures) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    std::string text;
    const size_t size = random() % 20'000;
    while (text.size() < size) {
      if (text.empty() || random() % 3 == 0) {
        text += noise(random() % 60, 1 + random() % 256, seed + static_cast<unsigned>(text.size()));
      } else {
        const size_t from = random() % text.size();
        for (size_t i = 0, count = random() % 400; i < count; ++i) text += text[from + i];
      }
    }
    expect_same(text);
  }
}

}  // namespace
}  // namespace outrigger::keeper
