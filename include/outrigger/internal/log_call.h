// What a log call compiles to. The fast path stores raw values into the thread's ring: no lock, no
// allocation, no system call. Everything unusual (ring full or about to wrap, no ring yet, nested
// in a signal handler, no segment, text outside the executable) is emit_slow() in src/log/emit.cc.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <source_location>
#include <string_view>

#include "outrigger/internal/argument.h"
#include "outrigger/internal/record.h"

namespace outrigger::internal {

// A thread's private position in its ring. Lies in memory that the kernel wipes in children of
// fork(): there cursor and limit are null and the slow path finds out.
struct alignas(64) Writer {
  // Bytes of the executable's image while the writer is free; 0 while a call is under way, so that
  // a signal handler's call finds no text inside the image and takes the slow path, which counts
  // it.
  std::uintptr_t gate;
  std::uintptr_t image;              // where the executable's image begins
  char* cursor;                      // where the next record goes
  char* limit;                       // no record may pass it without a look at the keeper's mark
  uint64_t sequence;                 // of the next call; dropped calls consume numbers too
  std::uintptr_t adjust;             // cursor - adjust = position as the keeper counts
  std::atomic<uint64_t>* published;  // RingControl::write
  std::uintptr_t image_bytes;
  uint32_t ring;
};

// Never null: threads without a ring share a blank Writer whose limit no record fits.
extern constinit thread_local Writer* t_writer __attribute__((tls_model("initial-exec")));
extern constinit std::atomic<uint8_t> g_level;

// One argument of a call on the slow path; text is null for a plain word.
struct SlowArgument {
  uint64_t word;
  const char* text;
};
// Where an entry comes from, besides its call: log_context.h, log_module.h. Either may be null; a
// missing context means the one that the thread is within, if any.
struct ModuleCell;
struct ContextBlock;
struct Origin {
  const ModuleCell* module;
  const ContextBlock* context;
};
void emit_slow(uint32_t level, const char* format, const void* site, const ArgumentType* types,
               const SlowArgument* arguments, std::size_t count, Origin origin = {}) noexcept;

[[gnu::always_inline]] inline uint64_t log_ticks() {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#else
  uint64_t count;
  asm volatile("mrs %0, cntvct_el0" : "=r"(count));
  return count;
#endif
}

// The list of a call's argument types, in read-only data of the image that holds the call.
template <ArgumentType... kTypes>
[[gnu::visibility("hidden")]] inline constexpr ArgumentType kTypeList[] = {kTypes...,
                                                                           ArgumentType::kEnd};

[[gnu::always_inline]] constexpr std::size_t text_bytes(uint64_t) { return 0; }
[[gnu::always_inline]] constexpr std::size_t text_bytes(std::string_view text) {
  return text.size();
}
[[gnu::always_inline]] constexpr uint64_t word_of(uint64_t word) { return word; }
[[gnu::always_inline]] constexpr uint64_t word_of(std::string_view text) { return text.size(); }
[[gnu::always_inline]] constexpr SlowArgument slow_argument(uint64_t word) {
  return {word, nullptr};
}
[[gnu::always_inline]] constexpr SlowArgument slow_argument(std::string_view text) {
  return {text.size(), text.data() != nullptr ? text.data() : ""};
}

struct Block16 {
  uint64_t halves[2];
};
template <typename Block>
[[gnu::always_inline]] inline void copy_ends(char* to, const char* from, std::size_t n) {
  Block first, last;
  std::memcpy(&first, from, sizeof(Block));
  std::memcpy(&last, from + n - sizeof(Block), sizeof(Block));
  std::memcpy(to, &first, sizeof(Block));
  std::memcpy(to + n - sizeof(Block), &last, sizeof(Block));
}
// Without a call, so that emit() stays a leaf function: two overlapping blocks for short texts, 16
// bytes a turn for long ones.
[[gnu::always_inline]] inline void copy_text(char* to, const char* from, std::size_t n) {
  if (n >= 16) [[likely]] {
    while (n > 32) [[unlikely]] {
      std::memcpy(to, from, 16);
      to += 16;
      from += 16;
      n -= 16;
      asm("" : "+r"(to));  // else the compiler makes this loop a call of memcpy
    }
    copy_ends<Block16>(to, from, n);
  } else if (n >= 8) {
    copy_ends<uint64_t>(to, from, n);
  } else if (n >= 4) {
    copy_ends<uint32_t>(to, from, n);
  } else {
    for (std::size_t i = 0; i < n; ++i) to[i] = from[i];
  }
}
[[gnu::always_inline]] inline void put_text(char*&, uint64_t) {}
[[gnu::always_inline]] inline void put_text(char*& to, std::string_view text) {
  copy_text(to, text.data(), text.size());
  to += text.size();
}

// A function of its own, called in tail position: emit() then needs no stack frame.
template <uint32_t kLevel, ArgumentType... kTypes, typename... Values>
[[gnu::noinline, gnu::cold]] void emit_unusual(const char* format, const void* site,
                                               Values... values) noexcept {
  const SlowArgument arguments[sizeof...(Values) + 1] = {slow_argument(values)..., {}};
  emit_slow(kLevel, format, site, kTypeList<kTypes...>, arguments, sizeof...(Values));
}

// The keeper, on another core, read these cache lines a lap ago; asking for them a burst ahead
// hides the way back.
inline constexpr std::size_t kPrefetchBytes = 2048;
[[gnu::always_inline]] inline void prefetch_for_write(const char* address) {
#if defined(__x86_64__)
  asm volatile("prefetchw %0"
               :
               : "m"(*address));  // GCC emits it only when told that the processor knows it; all do
#else
  __builtin_prefetch(address, 1);
#endif
}

// One instruction, or a pair that is tried again when a signal handler came between, so that the
// handler's count cannot get lost between a load and a store.
[[gnu::always_inline]] inline void count_call(uint64_t& sequence) {
#if defined(__x86_64__)
  asm("incq %0" : "+m"(sequence));
#elif defined(__aarch64__)
  // By hand: the compiler would call a function that looks for the newer atomic instructions, and
  // emit() would be a leaf no longer. The way back from an exception clears the exclusive monitor.
  uint64_t count;
  uint32_t interrupted;
  asm("0: ldxr %0, %2\n"
      "   add %0, %0, #1\n"
      "   stxr %w1, %0, %2\n"
      "   cbnz %w1, 0b"
      : "=&r"(count), "=&r"(interrupted), "+Q"(sequence));
#else
  __atomic_fetch_add(&sequence, 1, __ATOMIC_RELAXED);
#endif
}

template <uint32_t kLevel, ArgumentType... kTypes, typename... Values>
[[gnu::noinline]] void emit(const char* format, const void* site, Values... values) noexcept {
  Writer* const w = t_writer;
  const std::uintptr_t format_at = reinterpret_cast<std::uintptr_t>(format) - w->image;
  if (format_at >= w->gate) [[unlikely]]
    return emit_unusual<kLevel, kTypes...>(format, site, values...);
  w->gate = 0;
  // From here on a signal handler's call is turned away; the compiler must not move the loads below
  // up.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  constexpr std::size_t kFixed = kRecordHeaderBytes + 8 * sizeof...(Values);
  const std::size_t size = (kFixed + (std::size_t{7} + ... + text_bytes(values))) & ~std::size_t{7};
  char* const record = w->cursor;
  char* const end = record + size;
  if (end > w->limit) [[unlikely]] {
    w->gate = w->image_bytes;
    // `format` again, from what is at hand: keeping it would cost a register.
    return emit_unusual<kLevel, kTypes...>(reinterpret_cast<const char*>(format_at + w->image),
                                           site, values...);
  }
  prefetch_for_write(record + kPrefetchBytes);
  auto* const header = reinterpret_cast<RecordHeader*>(record);
  header->size_level = static_cast<uint32_t>(size) | kLevel << kRecordLevelShift;
  header->format = static_cast<uint32_t>(format_at);
  // The fences cost nothing: they keep plain stores plain (GCC would build a vector of them, at a
  // loss) and the arguments' lives short enough for the registers that a leaf function has.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  auto* word = reinterpret_cast<uint64_t*>(record + kRecordHeaderBytes);
  ((*word++ = word_of(values), std::atomic_signal_fence(std::memory_order_seq_cst)), ...);
  [[maybe_unused]] char* text = record + kFixed;  // a call may have no text
  (put_text(text, values), ...);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  header->site = static_cast<uint32_t>(reinterpret_cast<std::uintptr_t>(site) - w->image);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  header->types =
      static_cast<uint32_t>(reinterpret_cast<std::uintptr_t>(&kTypeList<kTypes...>) - w->image);
  header->sequence = w->sequence;
  count_call(w->sequence);
  header->ticks = log_ticks();
  w->cursor = end;
  // Commits the record. Release: pairs with the acquire in segment::Reader::begin().
  w->published->store(reinterpret_cast<std::uintptr_t>(end) - w->adjust, std::memory_order_release);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  w->gate = w->image_bytes;
}

// The format string of a call with these argument types, checked when it is compiled, and where the
// call stands.
template <typename... Args>
class Format {
 public:
  template <std::size_t N>
  consteval Format(const char (&text)[N],
                   std::source_location where = std::source_location::current())
      : text_(text), where_(where) {
    static_assert(sizeof...(Args) < kRecordArgumentsMax, "a log call takes at most 31 arguments");
    constexpr FieldKind kinds[] = {Argument<Args>::kind()..., FieldKind::kText};
    check_format(std::string_view(text, N - 1), kinds, sizeof...(Args));
  }
  [[gnu::always_inline]] const char* text() const { return text_; }
  // The compiler's own constant behind the source location: a unique, image-relative name of the
  // call site.
  [[gnu::always_inline]] const void* site() const {
    static_assert(sizeof(std::source_location) == sizeof(void*));
    return std::bit_cast<const void*>(where_);
  }

 private:
  const char* text_;
  std::source_location where_;
};

// --- Arguments that their own fmt::formatter formats, at the call
// ------------------------------------------
inline constexpr std::size_t kCustomBytesMax = 512;  // longer results are cut

// The spec of field number `index`: "{x:>8}" gives ">8".
std::string_view field_spec(std::string_view format, std::size_t index) noexcept;
void count_format_failure() noexcept;

template <typename V>
std::string_view settle(V value, const char*, std::size_t, char*)
  requires(!std::is_class_v<V>)
= delete;
inline uint64_t settle(uint64_t word, const char*, std::size_t, char*) { return word; }
inline std::string_view settle(std::string_view text, const char*, std::size_t, char*) {
  return text;
}
#if OUTRIGGER_HAS_FMT
template <typename T>
std::string_view settle(Custom<T> custom, const char* format, std::size_t index, char* buffer) {
  try {
    const std::string_view spec = field_spec(format, index);
    char field[128] = "{:";
    std::size_t length = 2;
    if (!spec.empty() && spec.size() < sizeof(field) - 4) {
      std::memcpy(field + 2, spec.data(), spec.size());
      length += spec.size();
    }
    field[length++] = '}';
    const auto result = fmt::vformat_to_n(buffer, kCustomBytesMax, fmt::string_view(field, length),
                                          fmt::make_format_args(*custom.value));
    return {buffer, result.size < kCustomBytesMax ? result.size : kCustomBytesMax};
  } catch (...) {
    count_format_failure();
    return "<error>";
  }
}
#endif

template <uint32_t kLevel, ArgumentType... kTypes, std::size_t... kIndex, typename... Values>
[[gnu::noinline]] void emit_custom(std::index_sequence<kIndex...>, const char* format,
                                   const void* site, Values... values) noexcept {
  char buffers[sizeof...(Values)][kCustomBytesMax];
  emit<kLevel, kTypes...>(format, site, settle(values, format, kIndex, buffers[kIndex])...);
}

// A call that names its origin: the slow path writes the record, with a context block.
template <uint32_t kLevel, ArgumentType... kTypes, std::size_t... kIndex, typename... Values>
[[gnu::noinline]] void emit_from(Origin origin, std::index_sequence<kIndex...>, const char* format,
                                 const void* site, Values... values) noexcept {
  constexpr std::size_t kBuffers = (std::size_t{0} + ... + (kTypes == ArgumentType::kFormatted));
  [[maybe_unused]] char buffers[kBuffers == 0 ? 1 : sizeof...(Values)]
                               [kBuffers == 0 ? 1 : kCustomBytesMax];
  const SlowArgument arguments[sizeof...(Values) + 1] = {
      slow_argument(settle(values, format, kIndex, buffers[kBuffers == 0 ? 0 : kIndex]))..., {}};
  emit_slow(kLevel, format, site, kTypeList<kTypes...>, arguments, sizeof...(Values), origin);
}

template <uint32_t kLevel, typename From, typename... Args>
[[gnu::always_inline]] inline void log_call_from(
    const From& from, const Format<std::type_identity_t<Args>...>& format,
    const Args&... args) noexcept {
  if (from.level_cell().load(std::memory_order_relaxed) > kLevel) return;
  emit_from<kLevel, Argument<Args>::kType...>(from.origin(), std::index_sequence_for<Args...>{},
                                              format.text(), format.site(),
                                              Argument<Args>::encode(args)...);
}

template <uint32_t kLevel, typename... Args>
[[gnu::always_inline]] inline void log_call(const Format<std::type_identity_t<Args>...>& format,
                                            const Args&... args) noexcept {
  // Relaxed: a level that arrives one call late is as good.
  if (g_level.load(std::memory_order_relaxed) > kLevel) return;
  if constexpr (((Argument<Args>::kType == ArgumentType::kFormatted) || ...)) {
    emit_custom<kLevel, Argument<Args>::kType...>(std::index_sequence_for<Args...>{}, format.text(),
                                                  format.site(), Argument<Args>::encode(args)...);
  } else {
    emit<kLevel, Argument<Args>::kType...>(format.text(), format.site(),
                                           Argument<Args>::encode(args)...);
  }
}

}  // namespace outrigger::internal
