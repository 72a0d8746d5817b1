#include "outrigger/log_context.h"

#include <string.h>
#include <sys/random.h>

#include <algorithm>

#include "base/hex.h"
#include "log/process.h"

namespace outrigger::log {
namespace {

using internal::ArgumentType;
using internal::ContextBlock;
using internal::ContextField;
using internal::ContextHead;

// version 00: "00-" 32 digits "-" 16 digits "-" 2 digits (W3C Trace Context, 3.2).
constexpr size_t kTraceparentBytes = 55;
constexpr uint8_t kSampledFlag = 1;

void count_cut() {
  const Private* const state = g_process.state.load(std::memory_order_acquire);
  if (state != nullptr && state->attached != 0)
    g_process.view.service().truncated.fetch_add(1, std::memory_order_relaxed);
}

// All zeros are no identity.
void make_random(uint8_t* to, size_t bytes) {
  const auto is_zero = [&] {
    return std::all_of(to, to + bytes, [](uint8_t b) { return b == 0; });
  };
  do {
    // Before the kernel's generator is ready this would wait; a service starts long after.
    if (getrandom(to, bytes, 0) != static_cast<ssize_t>(bytes)) to[0] |= 1;
  } while (is_zero());
}

// Lower case only, as the specification wants it.
int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// False when it is no hexadecimal number of that many bytes.
bool read_hex(std::string_view text, uint8_t* to) {
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    const int high = digit_of(text[i]);
    const int low = digit_of(text[i + 1]);
    if (high < 0 || low < 0) return false;
    to[i / 2] = static_cast<uint8_t>(high << 4 | low);
  }
  return true;
}

bool is_zero(const uint8_t* from, size_t bytes) {
  return std::all_of(from, from + bytes, [](uint8_t b) { return b == 0; });
}

}  // namespace

Context Context::begin() noexcept {
  Context context;
  context.block_.head.has_trace = 1;
  context.sampled_ = true;
  make_random(context.block_.head.trace_id, sizeof(ContextHead::trace_id));
  context.new_span();
  return context;
}

void Context::new_span() noexcept {
  make_random(block_.head.span_id, sizeof(ContextHead::span_id));
}

std::optional<Context> Context::parse(std::string_view text) noexcept {
  Context context;
  ContextHead& head = context.block_.head;
  uint8_t version = 0;
  uint8_t flags = 0;
  if (text.size() < kTraceparentBytes || text[2] != '-' || text[35] != '-' || text[52] != '-' ||
      !read_hex(text.substr(0, 2), &version) || !read_hex(text.substr(3, 32), head.trace_id) ||
      !read_hex(text.substr(36, 16), head.span_id) || !read_hex(text.substr(53, 2), &flags)) {
    return {};
  }
  // Later versions may have more behind a dash; version 255 is none.
  if (version == 0xff || (version == 0 && text.size() != kTraceparentBytes) ||
      (text.size() > kTraceparentBytes && text[kTraceparentBytes] != '-')) {
    return {};
  }
  if (is_zero(head.trace_id, sizeof(head.trace_id)) || is_zero(head.span_id, sizeof(head.span_id)))
    return {};
  head.has_trace = 1;
  context.sampled_ = (flags & kSampledFlag) != 0;
  return context;
}

Context Context::of_request(std::string_view traceparent) noexcept {
  const std::optional<Context> caller = parse(traceparent);
  return caller ? caller->child() : begin();
}

Context Context::child() const noexcept {
  Context below = *this;
  if (has_trace()) below.new_span();
  return below;
}

std::string Context::trace_id() const {
  return has_trace() ? base::hex(block_.head.trace_id, sizeof(ContextHead::trace_id))
                     : std::string();
}
std::string Context::span_id() const {
  return has_trace() ? base::hex(block_.head.span_id, sizeof(ContextHead::span_id)) : std::string();
}
std::string Context::traceparent() const {
  if (!has_trace()) return {};
  return "00-" + trace_id() + "-" + span_id() + (sampled_ ? "-01" : "-00");
}

namespace {

// Where the field of that name lies, and how long it is; 0, 0 when there is none.
std::pair<size_t, size_t> find_field(const char* fields, size_t bytes, std::string_view name) {
  for (size_t at = 0; at < bytes;) {
    ContextField field;
    memcpy(&field, fields + at, sizeof(field));
    const size_t size = sizeof(field) + field.name_bytes + field.value_bytes;
    if (std::string_view(fields + at + sizeof(field), field.name_bytes) == name) return {at, size};
    at += size;
  }
  return {0, 0};
}

}  // namespace

void Context::add(std::string_view name, ArgumentType type,
                  const internal::SlowArgument& value) noexcept {
  size_t used = block_.head.bytes - sizeof(ContextHead);
  if (const auto [at, size] = find_field(block_.fields, used, name); size != 0) {
    memmove(block_.fields + at, block_.fields + at + size, used - at - size);
    used -= size;
    --block_.head.fields;
  }
  const size_t room = sizeof(block_.fields) - used;
  const bool is_text = value.text != nullptr;
  const size_t fixed = sizeof(ContextField) + name.size() + (is_text ? 0 : sizeof(value.word));
  if (fixed > room) {
    block_.head.bytes = static_cast<uint16_t>(sizeof(ContextHead) + used);
    return count_cut();
  }
  const size_t bytes = is_text ? std::min<size_t>(value.word, room - fixed) : sizeof(value.word);
  if (is_text && bytes < value.word) count_cut();
  const ContextField field{static_cast<uint8_t>(type), static_cast<uint8_t>(name.size()),
                           static_cast<uint16_t>(bytes)};
  char* to = block_.fields + used;
  memcpy(to, &field, sizeof(field));
  memcpy(to + sizeof(field), name.data(), name.size());
  to += sizeof(field) + name.size();
  if (is_text) memcpy(to, value.text, bytes);
  else memcpy(to, &value.word, bytes);
  ++block_.head.fields;
  block_.head.bytes =
      static_cast<uint16_t>(sizeof(ContextHead) + used + sizeof(field) + name.size() + bytes);
}

// Each step leaves a state in which a signal handler may log.
Within::Within(const Context& context) noexcept : context_(context), outer_(t_thread.within) {
  Thread& thread = t_thread;
  if (outer_ == nullptr) thread.writer_outside = internal::t_writer;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  thread.within = &context_;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (outer_ == nullptr) internal::hide_writer();
}

Within::~Within() {
  Thread& thread = t_thread;
  if (outer_ == nullptr) internal::t_writer = thread.writer_outside;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  thread.within = outer_;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  // Again: a handler's call may have claimed a ring meanwhile.
  if (outer_ == nullptr) internal::t_writer = thread.writer_outside;
}

Context current() noexcept { return t_thread.within != nullptr ? *t_thread.within : Context(); }

}  // namespace outrigger::log
