// A mapping that is unmapped at the end of its scope. Not copied; the bytes are as thread-safe as
// their user.
#pragma once

#include <sys/mman.h>
#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace outrigger::base {

class Mapping {
 public:
  Mapping() = default;
  // Takes ownership of what mmap() gave; MAP_FAILED and nullptr mean none.
  Mapping(void* data, size_t size)
      : data_(data == MAP_FAILED ? nullptr : data), size_(data_ == nullptr ? 0 : size) {}
  Mapping(Mapping&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Mapping& operator=(Mapping&& other) noexcept {
    if (this != &other) {
      reset();
      data_ = std::exchange(other.data_, nullptr);
      size_ = std::exchange(other.size_, 0);
    }
    return *this;
  }
  ~Mapping() { reset(); }

  // `size` bytes of `fd` from its start, shared. Empty on failure, with errno set. The descriptor
  // may be closed.
  static Mapping shared(int fd, size_t size, int protection = PROT_READ | PROT_WRITE) {
    return Mapping(mmap(nullptr, size, protection, MAP_SHARED, fd, 0), size);
  }
  // The whole file, read-only and private. Empty on failure and for an empty file.
  static Mapping whole_file(int fd) {
    struct stat status;
    if (fstat(fd, &status) != 0 || status.st_size <= 0) return {};
    const auto size = static_cast<size_t>(status.st_size);
    return Mapping(mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0), size);
  }

  explicit operator bool() const { return data_ != nullptr; }
  void* data() const { return data_; }
  char* bytes() const { return static_cast<char*>(data_); }
  size_t size() const { return size_; }
  // Gives ownership away: the mapping then lives as long as the process.
  void* release() {
    size_ = 0;
    return std::exchange(data_, nullptr);
  }
  void reset() {
    if (data_ != nullptr) munmap(data_, size_);
    data_ = nullptr;
    size_ = 0;
  }

 private:
  void* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace outrigger::base
