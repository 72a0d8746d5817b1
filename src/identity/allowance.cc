#include "identity/allowance.h"

#include <algorithm>

#include "base/clock.h"

namespace outrigger::identity {

double Allowance::at(int64_t now_ns) const {
  const double passed = static_cast<double>(now_ns - then_ns_) / base::kNsPerSecond;
  return std::min(at_once_, left_ + passed * per_second_);
}
bool Allowance::is_full(int64_t now_ns) const { return at(now_ns) >= at_once_; }
bool Allowance::take(int64_t now_ns) {
  left_ = at(now_ns);
  then_ns_ = now_ns;
  if (left_ < 1) return false;
  left_ -= 1;
  return true;
}

bool Allowances::take(std::string_view address, int64_t now_ns) {
  auto own = own_.find(address);
  if (own == own_.end()) {
    if (own_.size() >= kAddressesMax)
      std::erase_if(own_, [&](const auto& one) { return one.second.is_full(now_ns); });
    if (own_.size() >= kAddressesMax) return false;
    own = own_.emplace(std::string(address), each_).first;
  }
  return own->second.take(now_ns) && all_.take(now_ns);
}

}  // namespace outrigger::identity
