// A service that follows Consul's catalog and a DNS SRV record.
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
  Service service{{.name = "located", .about = "Tells whom its locators find."}};
  const std::vector<std::string> none;
  const auto carts =
      service.locator("Carts", {.otherwise = none, .consul = "carts", .every = 100ms});
  const auto stock =
      service.locator("Stock", {.otherwise = none, .srv = "_stock._tcp.shop.test", .every = 100ms});
  service.operation("tell", "Tells them.").read_only().does([=]() -> Result<Json> {
    return Json{{"carts", joined(carts.addresses())}, {"stock", joined(stock.addresses())}};
  });
  return run(argc, argv, service);
}
