#include "greet.h"

#include <outrigger/log.h>

using namespace outrigger;

Result<Json> greet(const std::string& greeting, const std::string& name) {
  if (name.empty()) return bad_input("name", name, "at least one character");
  log::info("greeted {name}", name);
  return Json{{"greeting", greeting + ", " + name}};
}
