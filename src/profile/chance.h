// Sampling by size: each unit (a byte, a nanosecond) has the same chance to be met, so that no
// pattern of the program's can hide from it. For one thread.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/clock.h"

namespace outrigger::profile {

class Chance {
 public:
  // Units until the next one that is met: distributed exponentially around `mean`.
  int64_t draw(uint64_t mean) {
    const double uniform = (static_cast<double>(random_number() >> 11) + 1) * 0x1.0p-53;
    const double units = -std::log(uniform) * static_cast<double>(mean);
    return static_cast<int64_t>(std::min(units, 0x1.0p40)) + 1;
  }

  // How many of its like a thing of so many units stands for, once it was met. `carried` units
  // passed by while no sample could be taken.
  static double weight(uint64_t units, uint64_t mean, int64_t carried) {
    const double share =
        static_cast<double>(std::max<uint64_t>(units, 1)) / static_cast<double>(mean);
    const double longer = 1 + static_cast<double>(carried) / static_cast<double>(mean);
    return longer / -std::expm1(-share);
  }

 private:
  uint64_t random_number() {
    if (random_ == 0) random_ = (base::ticks() ^ reinterpret_cast<uintptr_t>(this)) | 1;
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    return random_;
  }
  uint64_t random_ = 0;
};

}  // namespace outrigger::profile
