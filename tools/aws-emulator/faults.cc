#include "faults.h"

namespace outrigger::emulator {
namespace {

constexpr std::pair<std::string_view, FaultKind> kKinds[] = {
    {"throttle", FaultKind::kThrottle},
    {"error", FaultKind::kError},
    {"expired_token", FaultKind::kExpiredToken},
    {"reset_before", FaultKind::kResetBefore},
    {"reset_after", FaultKind::kResetAfter},
    {"half_answer", FaultKind::kHalfAnswer},
    {"swallow", FaultKind::kSwallow},
    {"slow", FaultKind::kSlow}};

std::string_view name_of(FaultKind kind) {
  for (const auto& [name, value] : kKinds) {
    if (value == kind) return name;
  }
  return {};
}

Result<Fault> parse(const json::value& wanted) {
  if (!wanted.is_object()) return bad_input("fault", json::serialize(wanted), "an object");
  Fault fault;
  bool has_kind = false;
  for (const auto& member : wanted.get_object()) {
    const std::string name(member.key());
    const json::value& value = member.value();
    const auto text = [&] {
      return std::string(value.is_string() ? value.get_string().c_str() : "");
    };
    const auto number = [&] { return value.is_number() ? value.to_number<int64_t>() : 0; };
    if (name == "kind") {
      for (const auto& [known, kind] : kKinds) {
        if (text() != known) continue;
        fault.kind = kind;
        has_kind = true;
      }
    } else if (name == "service") {
      fault.service = text();
    } else if (name == "operation") {
      fault.operation = text();
    } else if (name == "code") {
      fault.code = text();
    } else if (name == "probability") {
      fault.probability = value.is_number() ? value.to_number<double>() : 1;
    } else if (name == "count") {
      fault.left = number();
    } else if (name == "delay_ms") {
      fault.delay_ms = number();
    } else if (name == "status") {
      fault.status = static_cast<int>(number());
    } else if (name == "retry_after_ms") {
      fault.retry_after_ms = number();
    } else {
      return bad_input("fault's member", name,
                       "kind, service, operation, probability, count, delay_ms, status, code or "
                       "retry_after_ms");
    }
  }
  if (!has_kind)
    return bad_input("fault", json::serialize(wanted),
                     "a kind: throttle, error, expired_token, reset_before, reset_after, "
                     "half_answer, swallow or slow");
  return fault;
}

}  // namespace

Result<void> Faults::arm(const json::value& wanted, How how) {
  std::vector<Fault> parsed;
  const json::array list = wanted.is_array() ? wanted.get_array() : json::array{wanted};
  for (const json::value& each : list) {
    auto fault = parse(each);
    if (!fault) return fault.error();
    parsed.push_back(std::move(*fault));
  }
  const std::lock_guard lock(mutex_);
  if (how == How::kReplace) armed_.clear();
  armed_.insert(armed_.end(), parsed.begin(), parsed.end());
  return {};
}

json::array Faults::report() const {
  const std::lock_guard lock(mutex_);
  json::array list;
  for (const Fault& fault : armed_) {
    list.push_back(json::object{{"kind", std::string(name_of(fault.kind))},
                                {"service", fault.service},
                                {"operation", fault.operation},
                                {"probability", fault.probability},
                                {"left", fault.left},
                                {"fired", fault.fired}});
  }
  return list;
}

std::optional<Fault> Faults::pick(std::string_view service, std::string_view operation) {
  const std::lock_guard lock(mutex_);
  for (Fault& fault : armed_) {
    if (fault.left == 0) continue;
    if (!fault.service.empty() && fault.service != service) continue;
    if (!fault.operation.empty() && fault.operation != operation) continue;
    if (fault.probability < 1 && std::uniform_real_distribution<>(0, 1)(dice_) >= fault.probability)
      continue;
    if (fault.left > 0) --fault.left;
    ++fault.fired;
    return fault;
  }
  return std::nullopt;
}

}  // namespace outrigger::emulator
