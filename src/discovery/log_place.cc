#include "discovery/log_place.h"

#include "aws/logs.h"

namespace outrigger::discovery {
namespace {

std::string clean(std::string_view name, std::string_view also) {
  std::string text(name);
  for (char& c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       also.find(c) != std::string_view::npos;
    if (!plain) c = '-';
  }
  return text;
}

}  // namespace

LogPlace log_place(const LogSource& source, const segment::SettingsAnswer* found) {
  const auto place = [&](std::string_view key) {
    const std::string* value = found == nullptr ? nullptr : found->place_of(key);
    return value == nullptr ? std::string_view() : std::string_view(*value);
  };
  const auto first_of = [](std::string_view first, std::string_view second) {
    return !first.empty() ? first : second.empty() ? std::string_view("unknown") : second;
  };
  LogPlace names;
  names.group = place("log_group");
  if (names.group.empty()) {
    const std::string_view environment =
        found == nullptr ? std::string_view() : std::string_view(found->environment);
    names.group = "/outrigger/" + clean(source.service, "_-.#") + "/" +
                  clean(first_of(environment, source.environment), "_-.#");
  }
  names.stream =
      clean(first_of(place("name"), source.instance), "_-.") + "/" + clean(source.part, "-.");
  return names;
}

std::string profiles_folder(const LogSource& source, const segment::SettingsAnswer& found) {
  const std::string* const name = found.place_of("name");
  return clean(source.service, "_-.") + "/profiles/" +
         clean(name == nullptr ? source.instance : std::string_view(*name), "_-.");
}

aws::Outcome<aws::Done> make_log_stream(aws::Client& client, const LogPlace& place,
                                        const http::Cancel* cancel) {
  auto made = aws::logs::create_log_stream(client, place.group, place.stream, cancel);
  if (made || !made.failure().is("ResourceNotFoundException")) return made;
  if (auto group = aws::logs::create_log_group(client, place.group, cancel); !group) return group;
  // A group without it costs money for ever; but shipping does not fail for want of it.
  (void)aws::logs::put_retention_policy(client, place.group, kRetentionDays, cancel);
  return aws::logs::create_log_stream(client, place.group, place.stream, cancel);
}

}  // namespace outrigger::discovery
