#include "api.h"

#include <sys/random.h>
#include <time.h>

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace outrigger::emulator {

std::string_view Call::field(std::string_view name) const {
  for (const auto& [own, value] : form) {
    if (own == name) return value;
  }
  return {};
}

std::string xml_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string element(std::string_view name, std::string_view text) {
  return "<" + std::string(name) + ">" + xml_escaped(text) + "</" + std::string(name) + ">";
}

std::string response_metadata() {
  return "<ResponseMetadata>" + element("RequestId", random_hex(32)) + "</ResponseMetadata>";
}

Answer xml_answer(std::string body) {
  Answer answer;
  answer.content_type = "text/xml";
  answer.body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + std::move(body);
  return answer;
}

Answer json_answer(const json::value& value) {
  Answer answer;
  answer.content_type = "application/x-amz-json-1.1";
  answer.body = json::serialize(value);
  return answer;
}

Answer refuse(const Call& call, std::string_view code, std::string_view message, int status) {
  const std::string tag(code);
  Answer answer;
  switch (call.protocol) {
    case Protocol::kJson:
      answer = json_answer(json::object{{"__type", tag}, {"message", std::string(message)}});
      break;
    case Protocol::kQuery:
      answer = xml_answer(
          "<ErrorResponse><Error><Type>" + std::string(status < 500 ? "Sender" : "Receiver") +
          "</Type><Code>" + tag + "</Code><Message>" + xml_escaped(message) +
          "</Message></Error><RequestId>" + random_hex(32) + "</RequestId></ErrorResponse>");
      break;
    case Protocol::kEc2Query:
      answer = xml_answer("<Response><Errors><Error><Code>" + tag + "</Code><Message>" +
                          xml_escaped(message) + "</Message></Error></Errors><RequestID>" +
                          random_hex(32) + "</RequestID></Response>");
      break;
    case Protocol::kRest:
      answer = xml_answer("<Error><Code>" + tag + "</Code><Message>" + xml_escaped(message) +
                          "</Message><RequestId>" + random_hex(32) + "</RequestId></Error>");
      break;
    case Protocol::kPlain:
      answer.content_type = "text/plain";
      answer.body = std::string(message) + "\n";
      break;
  }
  answer.status = status;
  return answer;
}

void Violations::note(std::string_view rule, std::string detail) {
  const std::lock_guard lock(mutex_);
  ++total_;
  ++by_rule_[std::string(rule)];
  if (details_.size() < kDetailsMax) details_.push_back(std::string(rule) + ": " + detail);
}

json::object Violations::report() const {
  const std::lock_guard lock(mutex_);
  json::object by_rule;
  for (const auto& [rule, count] : by_rule_) by_rule[rule] = count;
  json::array details;
  for (const std::string& detail : details_) details.emplace_back(detail);
  return {{"total", total_}, {"by_rule", std::move(by_rule)}, {"first", std::move(details)}};
}

void Violations::clear() {
  const std::lock_guard lock(mutex_);
  total_ = 0;
  by_rule_.clear();
  details_.clear();
}

int64_t Clock::now_ms() const {
  if (const int64_t stopped_at_ms = stopped_at_ms_.load(std::memory_order_relaxed))
    return stopped_at_ms;
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000 + offset_ms();
}

bool Quota::take() {
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  tokens_ += std::chrono::duration<double>(now - last_).count() * per_second_;
  tokens_ = std::min(tokens_, per_second_);
  last_ = now;
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

Account::Account()
    : state_(json::parse(R"({
        "instance": {"instance-id": "i-0e11a7e5e11a7e500", "region": "us-east-1",
                     "availability-zone": "us-east-1a", "account": "123456789012",
                     "instance-type": "t3.micro", "ami-id": "ami-0e11a7e5e11a7e500",
                     "local-ipv4": "10.0.0.10", "hostname": "ip-10-0-0-10.ec2.internal",
                     "role": "emulator-role", "tags-in-metadata": false},
        "tags": {}, "auto_scaling_tags": {}, "stack_outputs": {}, "parameters": {},
        "secrets": {}, "services": {}, "task": {}, "deny": [],
        "page_size": 100, "credentials_lifetime_s": 21600})")
                 .as_object()) {}

void Account::merge(const json::object& more) {
  const std::lock_guard lock(mutex_);
  for (const auto& each : more) {
    json::value& place = state_[each.key()];
    // "instance" alone has defaults of its own, which stay.
    if (each.key() == "instance" && each.value().is_object() && place.is_object()) {
      for (const auto& inner : each.value().get_object())
        place.get_object()[inner.key()] = inner.value();
    } else {
      place = each.value();
    }
  }
  const json::value* const deny = state_.if_contains("deny");
  denies_any_.store(deny != nullptr && deny->is_array() && !deny->get_array().empty());
}

json::object Account::get() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

json::value Account::at(std::initializer_list<std::string_view> path) const {
  const std::lock_guard lock(mutex_);
  const json::object* object = &state_;
  const json::value* value = nullptr;
  for (const std::string_view name : path) {
    if (object == nullptr) return nullptr;
    value = object->if_contains({name.data(), name.size()});
    if (value == nullptr) return nullptr;
    object = value->if_object();
  }
  return value == nullptr ? json::value() : *value;
}

std::string Account::text(std::initializer_list<std::string_view> path) const {
  const json::value value = at(path);
  return value.is_string() ? std::string(value.get_string().c_str()) : std::string();
}

int64_t Account::number(std::initializer_list<std::string_view> path, int64_t otherwise) const {
  const json::value value = at(path);
  return value.is_int64() ? value.get_int64() : otherwise;
}

bool Account::flag(std::initializer_list<std::string_view> path) const {
  const json::value value = at(path);
  return value.is_bool() && value.get_bool();
}

bool Account::denies(std::string_view service, std::string_view operation) const {
  if (!denies_any_.load(std::memory_order_relaxed)) return false;
  const std::string exact = std::string(service) + ":" + std::string(operation);
  const std::string all = std::string(service) + ":*";
  const json::value deny = at({"deny"});
  for (const json::value& each : deny.as_array()) {
    if (each.is_string() && (each.get_string() == exact || each.get_string() == all)) return true;
  }
  return false;
}

std::optional<Page> page_of(std::string_view token, size_t total, size_t page_size) {
  constexpr std::string_view kPrefix = "page-";
  Page page;
  if (!token.empty()) {
    if (!token.starts_with(kPrefix)) return std::nullopt;
    const char* const from = token.data() + kPrefix.size();
    const char* const to = token.data() + token.size();
    if (std::from_chars(from, to, page.begin).ptr != to || page.begin >= total) return std::nullopt;
  }
  page.end = std::min(total, page.begin + std::max<size_t>(page_size, 1));
  if (page.end < total) page.next = std::string(kPrefix) + std::to_string(page.end);
  return page;
}

std::string random_hex(size_t digits) {
  std::string text;
  while (text.size() < digits) {
    uint64_t bits = 0;
    [[maybe_unused]] const ssize_t got = getrandom(&bits, sizeof bits, 0);
    char piece[17];
    snprintf(piece, sizeof piece, "%016llx", static_cast<unsigned long long>(bits));
    text += piece;
  }
  text.resize(digits);
  return text;
}

std::string utc_text(int64_t seconds) {
  const time_t time = seconds;
  tm parts{};
  gmtime_r(&time, &parts);
  char text[32];
  strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace outrigger::emulator
