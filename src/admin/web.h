// The files of src/admin/web/, compiled in, as a browser gets them: never anything from elsewhere, never
// a script in the page itself.
#pragma once

#include <string>
#include <string_view>

#include "http/server.h"

namespace outrigger::admin {

namespace web {
extern const std::string_view health_html;
extern const std::string_view health_css;
extern const std::string_view health_js;
extern const std::string_view flame_html;
extern const std::string_view flame_css;
extern const std::string_view flame_js;
}  // namespace web

// `page` with `content` where it says {{name}}.
std::string filled(std::string_view page, std::string_view name, std::string_view content);
http::ServerResponse html_page(std::string body);
http::ServerResponse style_sheet(std::string_view text);
http::ServerResponse script(std::string_view text);

// Text between tags, or within an attribute's quotes.
std::string escaped(std::string_view text);

}  // namespace outrigger::admin
