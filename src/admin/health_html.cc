#include "admin/pages.h"
#include "admin/web.h"

namespace outrigger::admin {

// The page brings its first state along as the JSON that it is. Its script shows that, and then
// whatever the feed sends, by the same code; without a script the JSON itself can be read.
http::ServerResponse health_html(const HealthReport& report, Trust trust) {
  const std::string state = health_body(report, trust, JsonWriter::Layout::kPretty);
  http::ServerResponse response = html_page(filled(web::health_html, "state", escaped(state)));
  response.status = overall(report) == Status::kFail ? 503 : 200;
  response.headers.emplace_back("Vary", "Accept");
  return response;
}

}  // namespace outrigger::admin
