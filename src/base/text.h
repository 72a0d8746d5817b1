// Lines for people, made without allocation: for the supervisor, for the time before constructors,
// and for signal handlers. Nothing here touches the heap, a lock or the locale.
#pragma once

#include <string.h>
#include <unistd.h>

#include <cerrno>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace outrigger::base {

// A number's decimal digits, in room of its own. The view lives as long as the object.
class Decimal {
 public:
  template <std::integral Number>
  explicit Decimal(Number number) {
    // Negated as unsigned, so that the smallest value has a counterpart.
    const bool negative = std::is_signed_v<Number> && number < Number{0};
    auto rest =
        negative ? uint64_t{0} - static_cast<uint64_t>(number) : static_cast<uint64_t>(number);
    do {
      digits_[--begin_] = static_cast<char>('0' + rest % 10);
      rest /= 10;
    } while (rest != 0);
    if (negative) digits_[--begin_] = '-';
  }
  std::string_view view() const { return {digits_ + begin_, sizeof digits_ - begin_}; }

 private:
  char digits_[24];
  size_t begin_ = sizeof digits_;
};

// What the C library says about an errno, as static text.
inline std::string_view error_text(int error) {
  const char* text = strerrordesc_np(error);
  return text == nullptr ? std::string_view("unknown error") : std::string_view(text);
}

// The last word of a path: the name under which a program reports.
inline std::string_view base_name(const char* path) {
  if (path == nullptr || *path == '\0') return "outrigger";
  const std::string_view whole(path);
  const size_t slash = whole.rfind('/');
  return slash == std::string_view::npos ? whole : whole.substr(slash + 1);
}

// A text of bounded size that is put together piece by piece; what does not fit is cut off.
template <size_t kSize>
class FixedText {
 public:
  FixedText& add(std::string_view piece) {
    const size_t taken = piece.size() < kSize - size_ ? piece.size() : kSize - size_;
    memcpy(bytes_ + size_, piece.data(), taken);
    size_ += taken;
    bytes_[size_] = '\0';
    return *this;
  }
  FixedText& add(const char* piece) { return add(std::string_view(piece)); }
  FixedText& add(char piece) { return add(std::string_view(&piece, 1)); }
  template <std::integral Number>
  FixedText& add(Number number) {
    return add(Decimal(number).view());
  }

  FixedText& clear() {
    size_ = 0;
    bytes_[0] = '\0';
    return *this;
  }

  std::string_view view() const { return {bytes_, size_}; }
  const char* c_str() const { return bytes_; }
  char* data() { return bytes_; }
  size_t size() const { return size_; }

 private:
  char bytes_[kSize + 1] = {};
  size_t size_ = 0;
};

enum class WriteEnd { kComplete, kFailed };

// Writes all of it, unless the descriptor refuses. May block when the descriptor does. errno is
// kept as it was.
inline WriteEnd write_all(int fd, std::string_view text) {
  const int errno_before = errno;
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    text.remove_prefix(static_cast<size_t>(written));
  }
  errno = errno_before;
  return text.empty() ? WriteEnd::kComplete : WriteEnd::kFailed;
}

// One line in one write(), so that lines of several processes do not mix: text and numbers, then a
// line feed. A longer line is cut to kLineBytesMax. Failure is of no consequence here: there is
// nobody left to tell.
inline constexpr size_t kLineBytesMax = 1000;
template <typename... Pieces>
void write_line(int fd, const Pieces&... pieces) {
  FixedText<kLineBytesMax> body;
  (body.add(pieces), ...);
  FixedText<kLineBytesMax + 1> line;
  line.add(body.view()).add('\n');
  write_all(fd, line.view());
}

}  // namespace outrigger::base
