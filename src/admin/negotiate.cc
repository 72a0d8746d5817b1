#include "admin/negotiate.h"

#include <algorithm>

#include "http/message.h"

namespace outrigger::admin {
namespace {

std::string_view trim(std::string_view text) {
  const size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  const size_t end = text.find_last_not_of(" \t");
  return end == std::string_view::npos ? std::string_view() : text.substr(begin, end - begin + 1);
}

// The next piece of a list, taken off its front.
std::string_view take_piece(std::string_view& list, char separator) {
  const size_t end = std::min(list.find(separator), list.size());
  const std::string_view piece = list.substr(0, end);
  list.remove_prefix(std::min(end + 1, list.size()));
  return trim(piece);
}

// "0.8" in thousandths; 1000 for what is no quality.
int thousandths(std::string_view text) {
  if (text.empty() || (text[0] != '0' && text[0] != '1')) return 1000;
  int value = (text[0] - '0') * 1000;
  int scale = 100;
  for (size_t i = 2; i < text.size() && text[1] == '.' && scale > 0; ++i, scale /= 10) {
    if (text[i] < '0' || text[i] > '9') return 1000;
    value += (text[i] - '0') * scale;
  }
  return std::min(value, 1000);
}

// How closely a range fits: 0 not at all, 1 "*/*", 2 "text/*", 3 exactly.
int fit(std::string_view range, std::string_view type) {
  if (range == "*/*") return 1;
  if (http::same_token(range, type)) return 3;
  const size_t slash = type.find('/');
  return range.ends_with("/*") &&
                 http::same_token(range.substr(0, range.size() - 2), type.substr(0, slash))
             ? 2
             : 0;
}

struct Quality {
  int fit = 0;
  int thousandths = 0;
};

void consider(std::string_view accept, std::string_view type, Quality& best) {
  while (!accept.empty()) {
    std::string_view entry = take_piece(accept, ',');
    const int entry_fit = fit(take_piece(entry, ';'), type);
    if (entry_fit == 0) continue;
    int quality = 1000;
    while (!entry.empty()) {
      std::string_view parameter = take_piece(entry, ';');
      const std::string_view name = take_piece(parameter, '=');
      if (name == "q" || name == "Q") quality = thousandths(parameter);
    }
    // Of several versions of one type ("…;version=1.0.0;q=0.5") the one wanted most speaks for it.
    if (entry_fit > best.fit || (entry_fit == best.fit && quality > best.thousandths)) {
      best = {entry_fit, quality};
    }
  }
}

}  // namespace

std::size_t preferred(const http::ServerRequest& request,
                      std::initializer_list<std::string_view> offers) {
  std::size_t winner = 0;
  int highest = 0;
  std::size_t index = 0;
  for (const std::string_view offer : offers) {
    Quality quality;
    bool asked = false;
    for (const auto& [name, value] : request.headers) {
      if (!http::same_token(name, "Accept")) continue;
      asked = true;
      consider(value, offer, quality);
    }
    if (!asked) return 0;
    if (quality.thousandths > highest) {
      highest = quality.thousandths;
      winner = index;
    }
    ++index;
  }
  return winner;
}

}  // namespace outrigger::admin
