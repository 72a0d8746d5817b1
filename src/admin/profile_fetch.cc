#include "admin/profile_fetch.h"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "aws/s3.h"
#include "identity/caller.h"

namespace outrigger::admin {
namespace {

namespace json = boost::json;

constexpr int64_t kPartsMax = 1'000;
constexpr size_t kStoredBytesMax = 64u << 20;

struct Pieces {
  std::vector<std::string> parts;
  size_t found = 0;
  std::string stored{};
  bool is_whole() const { return !stored.empty() || (found != 0 && found == parts.size()); }
};
using Profiles = std::map<std::string, Pieces, std::less<>>;  // names rise with time

// False when it is not base64.
bool decode(std::string_view text, std::string& bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  while (text.ends_with('=')) text.remove_suffix(1);
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return false;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xff);
  }
  return true;
}

std::string_view text_in(const json::object& entry, std::string_view name) {
  const json::value* const value = entry.if_contains({name.data(), name.size()});
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

int64_t number_in(const json::object& entry, std::string_view name) {
  const json::value* const value = entry.if_contains({name.data(), name.size()});
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

void take_entry(std::string_view line, Profiles& profiles) {
  const size_t begin = line.find('{');
  const bool may_hold = line.find("\"profile\"") != std::string_view::npos ||
                        line.find("\"heap_stored\":\"s3:") != std::string_view::npos;
  if (begin == std::string_view::npos || !may_hold) return;
  line.remove_prefix(begin);
  json::error_code error;
  const json::value parsed = json::parse({line.data(), line.size()}, error);
  if (error || !parsed.is_object()) return;
  const json::object& entry = parsed.get_object();
  if (const std::string_view stored = text_in(entry, "heap_stored");
      stored.starts_with(kStoredScheme)) {
    profiles[std::string(text_in(entry, "heap_profile"))].stored = stored;
    return;
  }
  const std::string_view name = text_in(entry, "profile");
  const int64_t part = number_in(entry, "part");
  const int64_t parts = number_in(entry, "parts");
  std::string bytes;
  if (name.empty() || part < 1 || parts > kPartsMax || part > parts ||
      !decode(text_in(entry, "data"), bytes) || bytes.empty())
    return;
  Pieces& pieces = profiles[std::string(name)];
  pieces.parts.resize(static_cast<size_t>(parts));
  if (static_cast<size_t>(part) > pieces.parts.size()) return;
  std::string& place = pieces.parts[static_cast<size_t>(part) - 1];
  if (place.empty()) ++pieces.found;  // entries may be there twice
  place = std::move(bytes);
}

bool take_document(std::string_view log, Profiles& profiles) {
  json::error_code error;
  const json::value parsed = json::parse({log.data(), log.size()}, error);
  if (error || !parsed.is_object()) return false;
  const json::value* const events = parsed.get_object().if_contains("events");
  if (events == nullptr || !events->is_array()) return false;
  for (const json::value& event : events->get_array())
    if (event.is_object()) take_entry(text_in(event.get_object(), "message"), profiles);
  return true;
}

}  // namespace

Result<FetchedProfile> profile_in(std::string_view log, std::string_view name) {
  Profiles profiles;
  if (!take_document(log, profiles)) {
    while (!log.empty()) {
      const std::string_view line = log.substr(0, log.find('\n'));
      log.remove_prefix(std::min(line.size() + 1, log.size()));
      take_entry(line, profiles);
    }
  }
  std::string known;
  for (auto each = profiles.rbegin(); each != profiles.rend(); ++each) {
    const Pieces& pieces = each->second;
    const bool whole = pieces.is_whole();
    known += (known.empty() ? "" : ", ") + each->first +
             (whole ? ""
                    : " (" + std::to_string(pieces.found) + " of " +
                          std::to_string(pieces.parts.size()) + " parts)");
    if (!whole || (!name.empty() && each->first != name)) continue;
    FetchedProfile fetched{each->first, {}, pieces.stored};
    for (const std::string& part : pieces.parts) fetched.bytes += part;
    return fetched;
  }
  if (known.empty()) {
    return Error{
        ErrorKind::kNotFound,
        "no heap profile is in these entries: they are called \"heap profile heap-..., part "
        "1 of ...\"",
        {}};
  }
  return Error{ErrorKind::kNotFound, "no such profile is whole here; there are " + known, {}};
}

Result<std::string> stored_profile(std::string_view url) {
  const std::string_view rest =
      url.substr(std::min(url.starts_with(kStoredScheme) ? kStoredScheme.size() : 0, url.size()));
  const size_t slash = rest.find('/');
  if (!url.starts_with(kStoredScheme) || slash == 0 || slash == std::string_view::npos ||
      slash + 1 == rest.size())
    return bad_input("profile fetch", url, "s3://BUCKET/KEY");
  const auto client = identity::own_client(aws::own_variables());
  if (!client) return client.error();
  auto bytes = aws::s3::get_object(
      **client, {std::string(rest.substr(0, slash)), std::string(rest.substr(slash + 1))},
      kStoredBytesMax, nullptr);
  if (!bytes) return failed(std::string(url) + ": " + bytes.failure().message);
  return std::move(*bytes);
}

}  // namespace outrigger::admin
