#include "admin/pages.h"
#include "admin/web.h"

namespace outrigger::admin {

// The page brings its first state along as the JSON that it is. Its script shows that, and then
// whatever the feed sends, by the same code; without a script the JSON itself can be read.
http::ServerResponse health_html(const HealthReport& report, Trust trust) {
  const std::string_view page = web::health_html;
  constexpr std::string_view kPlace = "{{state}}";
  const std::size_t place = page.find(kPlace);
  std::string body(page.substr(0, place));
  body += escaped(health_body(report, trust, JsonWriter::Layout::kPretty));
  body += page.substr(place + kPlace.size());
  http::ServerResponse response = html_page(std::move(body));
  response.status = overall(report) == Status::kFail ? 503 : 200;
  response.headers.emplace_back("Vary", "Accept");
  return response;
}

}  // namespace outrigger::admin
