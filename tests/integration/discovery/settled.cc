// A service with a setting for each place that settings come from.
#include <outrigger/outrigger.h>

#include <string>

using namespace outrigger;

namespace {

std::string joined(const std::vector<std::string>& addresses) {
  std::string text;
  for (const std::string& each : addresses) text += (text.empty() ? "" : ",") + each;
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  Service service{
      {.name = "settled", .about = "Tells its settings.", .log_group_output = "LogGroupName"}};
  const auto limit =
      service.setting<int>("Limit", {.in_local = 1, .otherwise = 2, .parameter = "/settled/limit"});
  const auto table = service.setting<std::string>("Table", {.in_local = "local-table"});
  const auto colour = service.setting<std::string>("Colour", {.otherwise = "grey"});
  const auto password = service.setting<std::string>(
      "Password", {.in_local = "none", .secret = true, .secret_id = "settled/db#password"});
  const auto stock = service.locator(
      "Stock", {.in_local = {{"127.0.0.1:1"}}, .cloud_map = "shop/stock", .every = 100ms});
  const auto from_shell =
      service.setting<std::string>("Shell", {.otherwise = "unset", .variable = "SETTLED_SHELL"});
  service.operation("tell", "Tells them.").read_only().does([=]() -> Result<Json> {
    return Json{{"limit", *limit},
                {"table", *table},
                {"colour", *colour},
                {"password_bytes", password->size()},
                {"stock", joined(stock.addresses())},
                {"shell", *from_shell}};
  });
  return run(argc, argv, service);
}
