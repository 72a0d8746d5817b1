#include "keeper/batch.h"

#include <string.h>
#if defined(__x86_64__)
#include <tmmintrin.h>
#endif

#include <algorithm>
#include <array>
#include <deque>
#include <numeric>

namespace outrigger::keeper {
namespace {

std::string_view first_line(std::string_view text) {
  const void* const end = memchr(text.data(), '\n', text.size());
  return end == nullptr
             ? text
             : text.substr(0, static_cast<size_t>(static_cast<const char*>(end) - text.data()));
}

// Lines are valid UTF-8 without control characters: a quote and a backslash are all that there is
// to escape. `to` has room for twice the bytes, and 16. Without branches: every sixth byte is a
// quote.
char* append_quoted_bytes(char* to, const char* from, size_t bytes) {
  for (const char* const end = from + bytes; from != end; ++from) {
    *to = '\\';
    to += *from == '"' || *from == '\\' ? 1 : 0;
    *to++ = *from;
  }
  return to;
}

#if defined(__x86_64__)
// By which of eight bytes have to be escaped: where each goes, and zeros where backslashes belong.
struct alignas(16) Spread {
  uint8_t from[16];
};
constexpr std::array<Spread, 256> make_spreads() {
  constexpr uint8_t kZero = 0x80;
  std::array<Spread, 256> spreads{};
  for (unsigned mask = 0; mask < 256; ++mask) {
    size_t at = 0;
    for (unsigned byte = 0; byte < 8; ++byte) {
      if ((mask >> byte & 1) != 0) spreads[mask].from[at++] = kZero;
      spreads[mask].from[at++] = static_cast<uint8_t>(byte);
    }
    while (at < 16) spreads[mask].from[at++] = kZero;
  }
  return spreads;
}
constexpr std::array<Spread, 256> kSpreads = make_spreads();

[[gnu::target("ssse3,popcnt")]] char* append_quoted_wide(char* to, const char* from, size_t bytes) {
  const __m128i quotes = _mm_set1_epi8('"');
  const __m128i slashes = _mm_set1_epi8('\\');
  for (; bytes >= 8; bytes -= 8, from += 8) {
    const __m128i in = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
    const __m128i specials = _mm_or_si128(_mm_cmpeq_epi8(in, quotes), _mm_cmpeq_epi8(in, slashes));
    const unsigned mask = static_cast<unsigned>(_mm_movemask_epi8(specials)) & 0xff;
    const __m128i spread = _mm_load_si128(reinterpret_cast<const __m128i*>(kSpreads[mask].from));
    const __m128i out = _mm_shuffle_epi8(in, spread);
    const __m128i filled =
        _mm_or_si128(out, _mm_and_si128(_mm_cmpeq_epi8(out, _mm_setzero_si128()), slashes));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), filled);
    to += 8 + __builtin_popcount(mask);
  }
  return append_quoted_bytes(to, from, bytes);
}

bool has_wide() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("ssse3") && __builtin_cpu_supports("popcnt");
}
#endif

char* append_quoted(char* to, std::string_view text) {
#if defined(__x86_64__)
  static const bool wide = has_wide();
  if (wide) return append_quoted_wide(to, text.data(), text.size());
#endif
  return append_quoted_bytes(to, text.data(), text.size());
}

char* append(char* to, std::string_view text) {
  memcpy(to, text.data(), text.size());
  return to + text.size();
}

char* append_number(char* to, int64_t number) {
  char digits[20];
  char* begin = digits + sizeof digits;
  auto rest = static_cast<uint64_t>(std::max<int64_t>(number, 0));
  do {
    *--begin = static_cast<char>('0' + rest % 10);
    rest /= 10;
  } while (rest != 0);
  return append(to, {begin, static_cast<size_t>(digits + sizeof digits - begin)});
}

// No more than `bytes_max`, and no character cut in two.
size_t whole_characters(std::string_view text, size_t bytes_max) {
  size_t bytes = std::min(text.size(), bytes_max);
  while (bytes > 0 && bytes < text.size() && (static_cast<uint8_t>(text[bytes]) & 0xc0) == 0x80)
    --bytes;
  return bytes;
}

// No escape of the JSON string cut in two either. `text` is the inside of one.
size_t whole_escapes(std::string_view text, size_t bytes_max) {
  size_t end = 0;
  while (end < text.size()) {
    size_t next = end + 1;
    if (text[end] == '\\') next = end + 1 < text.size() && text[end + 1] == 'u' ? end + 6 : end + 2;
    if (next > bytes_max || next > text.size()) break;
    end = next;
  }
  return whole_characters(text, end);
}

constexpr std::string_view kMessage = "\"message\":\"";
constexpr size_t kMarkerBytesMax = 64;

std::string marker_of(size_t bytes) {
  return "\xe2\x80\xa6 [truncated " + std::to_string(bytes) + " bytes]";
}

// The end of the string whose inside begins at `at`: the place of its closing quote.
size_t string_end(std::string_view line, size_t at) {
  while (at < line.size() && line[at] != '"') at += line[at] == '\\' ? 2 : 1;
  return std::min(at, line.size());
}

BatchLine look_at(std::string_view line, LineClock& clock) {
  return {{clock.time_ms(line), level_of_line(line), static_cast<uint32_t>(calls_of_line(line))},
          static_cast<uint32_t>(line.size())};
}

}  // namespace

std::vector<BatchLine> lines_of(std::string_view text) {
  std::vector<BatchLine> lines;
  LineClock clock;
  while (!text.empty()) {
    const std::string_view line = first_line(text);
    lines.push_back(look_at(line, clock));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return lines;
}

// --- Where a batch ends ------------------------------------------------------------------------

void BatchCut::clear() {
  lines_.clear();
  bytes_ = counted_ = 0;
  full_ = false;
}

std::vector<BatchLine> BatchCut::take() {
  std::vector<BatchLine> taken = std::move(lines_);
  clear();
  return taken;
}

size_t BatchCut::extend(std::string_view text) {
  while (!full_ && bytes_ < text.size()) {
    const std::string_view line = first_line(text.substr(bytes_));
    const size_t counts =
        std::min(line.size(), limits_.event_bytes_max()) + limits_.event_overhead_bytes;
    const BatchLine found = look_at(line, clock_);
    const int64_t time_ms = found.event.time_ms;
    const int64_t oldest_ms = lines_.empty() ? time_ms : std::min(oldest_ms_, time_ms);
    const int64_t newest_ms = lines_.empty() ? time_ms : std::max(newest_ms_, time_ms);
    if (counted_ + counts > limits_.bytes_max || newest_ms - oldest_ms > limits_.span_ms_max) {
      full_ = true;
      break;
    }
    oldest_ms_ = oldest_ms;
    newest_ms_ = newest_ms;
    counted_ += counts;
    bytes_ += line.size() + 1;
    lines_.push_back(found);
    full_ = lines_.size() == limits_.events_max;
  }
  return bytes_;
}

// --- Counting ----------------------------------------------------------------------------------

void Tally::add(uint32_t level, uint64_t calls_of_it, int64_t time_ms) {
  ++lines;
  calls[level] += calls_of_it;
  from_ms = from_ms == 0 ? time_ms : std::min(from_ms, time_ms);
  to_ms = std::max(to_ms, time_ms);
}

void Tally::add(const Tally& other) {
  if (other.lines == 0) return;
  lines += other.lines;
  for (size_t level = 0; level < segment::kLevels; ++level) calls[level] += other.calls[level];
  from_ms = from_ms == 0 ? other.from_ms : std::min(from_ms, other.from_ms);
  to_ms = std::max(to_ms, other.to_ms);
}

uint64_t Tally::all_calls() const {
  return std::accumulate(std::begin(calls), std::end(calls), uint64_t{0});
}

Tally tally_of(std::string_view lines) {
  Tally tally;
  for (const BatchLine& line : lines_of(lines))
    tally.add(line.event.level, line.event.calls, line.event.time_ms);
  return tally;
}

RejectedTallies tally_rejected(const std::vector<SentEvent>& events,
                               const RejectedIndexes& indexes) {
  RejectedTallies tallies;
  const auto size = static_cast<int64_t>(events.size());
  const int64_t old_end = std::clamp<int64_t>(indexes.too_old_end, 0, size);
  const int64_t expired_end = std::clamp<int64_t>(indexes.expired_end, 0, size);
  const int64_t new_begin =
      indexes.too_new_start < 0 ? size : std::clamp<int64_t>(indexes.too_new_start, 0, size);
  for (int64_t i = 0; i < size; ++i) {
    const SentEvent& event = events[static_cast<size_t>(i)];
    Tally* const tally = i < old_end       ? &tallies.too_old
                         : i < expired_end ? &tallies.expired
                         : i >= new_begin  ? &tallies.too_new
                                           : nullptr;
    if (tally != nullptr) tally->add(event.level, event.calls, event.time_ms);
  }
  return tallies;
}

// --- The body ----------------------------------------------------------------------------------

void BatchBody::build(std::string_view text, const std::vector<BatchLine>& lines,
                      std::string_view group, std::string_view stream, const BatchLimits& limits,
                      Coding coding) {
  std::deque<std::string> shortened;  // its elements stay where they are
  places_.clear();
  places_.reserve(lines.size());
  bool in_order = true;
  size_t bytes = 0, longest = 0, at = 0;
  for (const auto& [event, line_bytes] : lines) {
    std::string_view line = text.substr(at, line_bytes);
    at += line_bytes + 1;
    if (line.size() > limits.event_bytes_max())
      line = shortened.emplace_back(truncated(line, limits.event_bytes_max()));
    in_order = in_order && (places_.empty() || places_.back().event.time_ms <= event.time_ms);
    bytes += line.size();
    longest = std::max(longest, line.size());
    places_.push_back({event, line});
  }
  // Threads commit a little out of order; a batch that is out of order is refused as a whole.
  if (!in_order) {
    std::stable_sort(places_.begin(), places_.end(), [](const Place& a, const Place& b) {
      return a.event.time_ms < b.event.time_ms;
    });
  }
  // Compressed block by block, while a block is in the processor's cache.
  coding_ = coding;
  constexpr size_t kEventTextBytes = 64;
  const size_t head = 2 * (group.size() + stream.size()) + 128;
  const size_t room =
      head + (coding == Coding::kPlain ? 2 * bytes + kEventTextBytes * places_.size()
                                       : Deflater::kBlockBytes + 2 * longest + kEventTextBytes);
  if (coding == Coding::kGzip) {
    if (!gzip_) gzip_ = std::make_unique<Gzip>();
    packed_.clear();
    gzip_->begin(packed_);
  }
  if (room > room_) {
    text_ = std::make_unique_for_overwrite<char[]>(room);
    room_ = room;
  }
  events_.clear();
  events_.reserve(places_.size());
  char* to = append(text_.get(), "{\"logGroupName\":\"");
  to = append(append_quoted(to, group), "\",\"logStreamName\":\"");
  to = append(append_quoted(to, stream), "\",\"logEvents\":[");
  for (const Place& place : places_) {
    to = append(to, events_.empty() ? "{\"timestamp\":" : ",{\"timestamp\":");
    to = append(append_number(to, place.event.time_ms), ",\"message\":\"");
    to = append(append_quoted(to, place.line), "\"}");
    events_.push_back(place.event);
    size_ = static_cast<size_t>(to - text_.get());
    if (coding == Coding::kGzip && size_ >= Deflater::kBlockBytes) {
      gzip_->block({text_.get(), size_}, packed_);
      to = text_.get();
    }
  }
  to = append(to, "]}");
  size_ = static_cast<size_t>(to - text_.get());
  if (coding == Coding::kGzip) {
    gzip_->block({text_.get(), size_}, packed_);
    gzip_->end(packed_);
  }
}

void BatchBody::clear() {
  text_.reset();
  gzip_.reset();
  packed_.free();
  room_ = size_ = 0;
  events_ = {};
  places_ = {};
}

std::string truncated(std::string_view line, size_t bytes_max) {
  const size_t message_at = line.find(kMessage);
  if (line.size() <= bytes_max) return std::string(line);
  const size_t excess = line.size() - bytes_max + kMarkerBytesMax;
  if (message_at != std::string_view::npos) {
    const size_t begin = message_at + kMessage.size();
    const size_t end = string_end(line, begin);
    if (end - begin >= excess) {
      const std::string_view message = line.substr(begin, end - begin);
      const size_t kept = whole_escapes(message, message.size() - excess);
      return std::string(line.substr(0, begin + kept)) + marker_of(message.size() - kept) +
             std::string(line.substr(end));
    }
  }
  // The fields are what is long: all whole members that fit, and a last one that says so.
  const size_t limit = bytes_max - 2 * kMarkerBytesMax;
  size_t member_end = 0;
  for (size_t at = 1; at < limit;) {
    if (line[at] == '"') {
      at = string_end(line, at + 1) + 1;
    } else {
      if (line[at] == ',') member_end = at;
      ++at;
    }
  }
  return std::string(line.substr(0, member_end)) +
         ",\"truncated_bytes\":" + std::to_string(line.size() - member_end) + "}";
}

}  // namespace outrigger::keeper
