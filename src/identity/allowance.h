// How often something may be done: by all together, and by each address. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace outrigger::identity {

// So many a second, and so many at once.
class Allowance {
 public:
  Allowance(double per_second, double at_once)
      : per_second_(per_second), at_once_(at_once), left_(at_once) {}
  bool take(int64_t now_ns);
  bool is_full(int64_t now_ns) const;

 private:
  double at(int64_t now_ns) const;

  double per_second_;
  double at_once_;
  double left_;
  int64_t then_ns_ = 0;
};

class Allowances {
 public:
  // Told apart at most. One more has nothing, until others have been quiet for a while.
  static constexpr size_t kAddressesMax = 1024;

  Allowances(Allowance all, Allowance each) : all_(all), each_(each) {}
  bool take(std::string_view address, int64_t now_ns);

 private:
  Allowance all_;
  const Allowance each_;
  std::map<std::string, Allowance, std::less<>> own_;
};

}  // namespace outrigger::identity
