#include "admin/json_writer.h"
#include "admin/pages.h"

namespace outrigger::admin {

http::ServerResponse version_page(const VersionReport& version) {
  JsonWriter json(JsonWriter::Layout::kOneLine);
  json.begin_object();
  json.member("Version", version.version);
  json.member("commit", version.commit);
  json.member("build_time", version.build_time);
  json.end_object();
  http::ServerResponse response;
  response.body = json.take();
  return response;
}

}  // namespace outrigger::admin
