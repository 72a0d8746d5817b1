#include "keeper/stack_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>
#include <string_view>
#include <vector>

namespace outrigger::keeper {
namespace {

using pprof::StackFrame;
using pprof::ThreadStack;

constexpr size_t kTraceMax = 8;

std::string hexadecimal(uint64_t number) {
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof(digits), number, 16);
  return "0x" + std::string(digits, end.ptr);
}

// From a fault that a program or library finds itself to the signal that tells of it.
bool is_messenger(std::string_view function) {
  constexpr std::array<std::string_view, 14> kNames{"abort",           "raise",
                                                    "gsignal",         "kill",
                                                    "pthread_kill",    "__GI_raise",
                                                    "__GI_abort",      "__assert_fail",
                                                    "__libc_message",  "__fortify_fail",
                                                    "__chk_fail",      "__stack_chk_fail",
                                                    "malloc_printerr", "__assert_fail_base"};
  constexpr std::array<std::string_view, 7> kBegins{
      "std::terminate", "__cxxabiv1::",   "__gnu_cxx::",      "__cxa_",
      "_Unwind_",       "__pthread_kill", "__gxx_personality"};
  return std::ranges::find(kNames, function) != kNames.end() ||
         std::ranges::any_of(kBegins,
                             [&](std::string_view b) { return function.starts_with(b); }) ||
         function.find("::on_terminate") != std::string_view::npos;
}

// Where the program's own part of a stack begins.
size_t first_own(const ThreadStack& stack) {
  size_t at = 0;
  while (at + 1 < stack.frames.size() && is_messenger(stack.frames[at].function)) ++at;
  return at;
}

std::string title_of(const ThreadStack& stack) {
  return (stack.name.empty() ? "?" : stack.name) + " (" + std::to_string(stack.id) + ")";
}

std::string line_of(const StackFrame& frame) {
  std::string line = frame.function;
  if (frame.offset != 0) line += "+" + hexadecimal(frame.offset);
  if (!frame.source.empty()) line += " (" + frame.source + ")";
  return line;
}

bool same_frames(const ThreadStack& a, const ThreadStack& b) {
  return std::ranges::equal(a.frames, b.frames, {}, &StackFrame::address, &StackFrame::address);
}

const ThreadStack* thread_of(std::span<const ThreadStack> threads, int32_t id) {
  const auto found = std::ranges::find(threads, id, &ThreadStack::id);
  return found == threads.end() ? nullptr : &*found;
}

int32_t waits_for(const ThreadStack& thread) { return thread.wait ? thread.wait->owner : 0; }

}  // namespace

std::string trace_of(const ThreadStack& stack) {
  std::string trace;
  size_t shown = 0;
  std::string_view before;
  for (size_t i = first_own(stack); i < stack.frames.size() && shown < kTraceMax; ++i) {
    const std::string& function = stack.frames[i].function;
    if (function == before) continue;
    if (shown++ != 0) trace += " < ";
    trace += function;
    before = function;
  }
  return trace;
}

std::string culprit_of(const ThreadStack& stack) {
  return stack.frames.empty() ? std::string() : stack.frames[first_own(stack)].function;
}

std::string stack_text(const ThreadStack& stack, size_t bytes_max) {
  std::string text;
  for (size_t i = 0; i < stack.frames.size();) {
    size_t same = 1;
    while (i + same < stack.frames.size() &&
           stack.frames[i + same].address == stack.frames[i].address)
      ++same;
    std::string line = line_of(stack.frames[i]);
    if (same > 1) line += ", " + std::to_string(same) + " times";
    if (text.size() + line.size() + 1 > bytes_max) {
      text += "... " + std::to_string(stack.frames.size() - i) + " more\n";
      break;
    }
    text += line + '\n';
    i += same;
  }
  return text;
}

std::string threads_text(std::span<const ThreadStack> threads, size_t bytes_max) {
  std::vector<bool> done(threads.size());
  std::string text;
  for (size_t i = 0; i < threads.size(); ++i) {
    if (done[i]) continue;
    std::string paragraph = title_of(threads[i]) + ", " + threads[i].state;
    size_t same = 0;
    for (size_t k = i + 1; k < threads.size(); ++k) {
      if (done[k] || !same_frames(threads[i], threads[k])) continue;
      done[k] = true;
      if (++same <= kTraceMax) paragraph += "; " + title_of(threads[k]);
    }
    if (same > kTraceMax) paragraph += "; and " + std::to_string(same - kTraceMax) + " more";
    paragraph += ":\n" + stack_text(threads[i], bytes_max / 4);
    if (text.size() + (text.empty() ? 0 : 1) + paragraph.size() > bytes_max) {
      const auto left = std::count(done.begin() + static_cast<ptrdiff_t>(i), done.end(), false);
      text += "\n... " + std::to_string(static_cast<size_t>(left) + same) + " more threads\n";
      break;
    }
    if (!text.empty()) text += '\n';
    text += paragraph;
  }
  return text;
}

std::string waits_text(std::span<const ThreadStack> threads) {
  std::string text;
  std::set<int32_t> in_circle;
  for (const ThreadStack& thread : threads) {
    const ThreadStack* const owner = thread_of(threads, waits_for(thread));
    if (owner == nullptr) continue;
    text += title_of(thread) + " waits for the mutex " + hexadecimal(thread.wait->word_at) +
            " that " + title_of(*owner) + " holds\n";
  }
  for (const ThreadStack& begin : threads) {
    std::vector<const ThreadStack*> path;
    for (const ThreadStack* at = &begin; at != nullptr && !in_circle.contains(at->id);
         at = thread_of(threads, waits_for(*at))) {
      const auto met = std::ranges::find(path, at);
      if (met == path.end()) {
        path.push_back(at);
        continue;
      }
      text += "deadlock: ";
      for (auto each = met; each != path.end(); ++each) {
        in_circle.insert((*each)->id);
        text += (each == met ? "" : ", ") + title_of(**each);
      }
      text += '\n';
      break;
    }
  }
  return text;
}

}  // namespace outrigger::keeper
