#include <outrigger/outrigger.h>

#include <cstdio>
#include <string>

int main() {
  outrigger::log::warn("seen on {where}", "stderr");
  const auto answer = outrigger::http::fetch({.url = "http://127.0.0.1:1/"});
  const bool told =
      !answer && answer.error().message.find("operations object") != std::string::npos;
  std::printf("%s %s\n", std::string(outrigger::version()).c_str(), told ? "told" : "not told");
  return told ? 0 : 1;
}
