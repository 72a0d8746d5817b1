#include <stdio.h>

#include <algorithm>

#include "pprof/profile.h"

namespace outrigger::pprof {
namespace {

std::string hexadecimal(uint64_t number) {
  char text[24];
  snprintf(text, sizeof(text), "0x%llx", static_cast<unsigned long long>(number));
  return text;
}

}  // namespace

std::string as_text(const ProfileHead& head, const Stacks& stacks, Unwinder& unwinder) {
  std::string out;
  for (const std::string& comment : head.comments) out += "# " + comment + "\n";
  std::vector<const Stacks::Stack*> order;
  for (const Stacks::Stack& stack : stacks.all()) order.push_back(&stack);
  std::stable_sort(order.begin(), order.end(), [](const Stacks::Stack* a, const Stacks::Stack* b) {
    return a->values[0] > b->values[0];
  });
  for (const Stacks::Stack* stack : order) {
    out += '\n';
    for (size_t i = 0; i < head.values.size(); ++i) {
      if (i != 0) out += ", ";
      out += std::to_string(stack->values[i]) + ' ' + head.values[i].type;
      if (head.values[i].unit != "count") out += ' ' + head.values[i].unit;
    }
    if (stack->label < head.labels.size()) {
      for (const auto& [key, value] : head.labels[stack->label])
        out += " [" + key + ": " + value + "]";
    }
    out += '\n';
    std::span<const uint64_t> addresses = stacks.addresses(*stack);
    if (head.from_hooks) addresses = addresses.subspan(hook_frames(addresses, unwinder));
    for (const uint64_t address : addresses) {
      for (const Frame& frame : unwinder.frames_at(address)) {
        out += "#\t" + hexadecimal(address) + "\t" + frame.function.name;
        if (frame.is_inlined) out += " (inlined)";
        else if (frame.function.begin != address)
          out += "+" + hexadecimal(address - frame.function.begin);
        if (!frame.line.file.empty())
          out += "\t" + frame.line.file + ":" + std::to_string(frame.line.line);
        out += '\n';
      }
    }
  }
  return out;
}

std::string as_top(const ProfileHead& head, const Stacks& stacks, Unwinder& unwinder) {
  constexpr size_t kTop = 5;
  constexpr size_t kFunctions = 8;
  size_t shown = 0;
  for (size_t i = 0; i < head.values.size(); ++i)
    if (head.values[i].type == head.default_type) shown = i;
  std::vector<const Stacks::Stack*> order;
  int64_t sum = 0;
  for (const Stacks::Stack& stack : stacks.all()) {
    order.push_back(&stack);
    sum += stack.values[shown];
  }
  std::stable_sort(order.begin(), order.end(), [&](const Stacks::Stack* a, const Stacks::Stack* b) {
    return a->values[shown] > b->values[shown];
  });
  order.resize(std::min(order.size(), kTop));
  std::string out;
  for (const Stacks::Stack* stack : order) {
    const int64_t value = stack->values[shown];
    if (value <= 0) break;
    char text[64];
    snprintf(text, sizeof(text), "%.1f MB (%.0f %%) ", static_cast<double>(value) / 1e6,
             100.0 * static_cast<double>(value) / static_cast<double>(sum));
    out += text;
    std::span<const uint64_t> addresses = stacks.addresses(*stack);
    if (head.from_hooks) addresses = addresses.subspan(hook_frames(addresses, unwinder));
    addresses = addresses.first(std::min(addresses.size(), kFunctions));
    for (size_t i = 0; i < addresses.size(); ++i)
      out += (i == 0 ? "" : " < ") + unwinder.function_at(addresses[i]).name;
    out += '\n';
  }
  return out;
}

}  // namespace outrigger::pprof
