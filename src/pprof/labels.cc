#include "pprof/labels.h"

#include <algorithm>
#include <string_view>

namespace outrigger::pprof {
namespace {

std::string printable(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = '?';
  return out;
}

}  // namespace

Labels labels_of(const segment::Sample& sample) {
  Labels labels;
  std::string_view rest(sample.labels.data(), sample.label_bytes);
  while (rest.size() > 2) {
    const size_t key_size = static_cast<unsigned char>(rest[0]);
    const size_t value_size = static_cast<unsigned char>(rest[1]);
    if (rest.size() < 2 + key_size + value_size) break;
    std::string key = printable(rest.substr(2, key_size));
    std::string value = printable(rest.substr(2 + key_size, value_size));
    rest.remove_prefix(2 + key_size + value_size);
    const auto known =
        std::ranges::find(labels, key, [](const auto& each) -> const auto& { return each.first; });
    if (known != labels.end()) known->second = std::move(value);
    else labels.emplace_back(std::move(key), std::move(value));
  }
  return labels;
}

uint32_t LabelSets::add(const Labels& labels) {
  if (labels.empty()) return 0;
  if (const auto known = numbers_.find(labels); known != numbers_.end()) return known->second;
  if (all_.size() >= kMax) {
    ++refused_;
    return 0;
  }
  const auto number = static_cast<uint32_t>(all_.size());
  numbers_.emplace(labels, number);
  all_.push_back(labels);
  return number;
}

}  // namespace outrigger::pprof
