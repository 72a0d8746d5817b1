#include "admin/web.h"

#include <algorithm>
#include <utility>

namespace outrigger::admin {
namespace {

// Scripts, styles and requests of this very address alone; icons may be drawn by the script.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

http::ServerResponse text_of(std::string_view type, std::string body) {
  http::ServerResponse response;
  response.content_type.assign(type).append("; charset=utf-8");
  response.body = std::move(body);
  return response;
}

}  // namespace

std::string filled(std::string_view page, std::string_view name, std::string_view content) {
  std::string place("{{");
  place.append(name).append("}}");
  const std::size_t at = std::min(page.find(place), page.size());
  std::string out(page.substr(0, at));
  out += content;
  return out += page.substr(std::min(at + place.size(), page.size()));
}

http::ServerResponse html_page(std::string body) {
  http::ServerResponse response = text_of("text/html", std::move(body));
  response.headers = {{"Content-Security-Policy", std::string(kPolicy)},
                      {"Referrer-Policy", "no-referrer"}};
  return response;
}

http::ServerResponse style_sheet(std::string_view text) {
  return text_of("text/css", std::string(text));
}

http::ServerResponse script(std::string_view text) {
  return text_of("text/javascript", std::string(text));
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

}  // namespace outrigger::admin
