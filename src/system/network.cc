#include "system/network.h"

#include <string>

namespace outrigger::system {
namespace {

bool counts(std::string_view name) {
  for (const std::string_view begin : {"veth", "docker", "br-", "virbr", "cni", "flannel", "cali"})
    if (name.starts_with(begin)) return false;
  return name != "lo";
}

}  // namespace

std::optional<Network> parse_net_dev(std::string_view net_dev) {
  std::optional<Network> sum;
  if (!net_dev.starts_with("Inter-|")) return sum;
  sum.emplace();
  for (const std::string_view line : lines_of(net_dev)) {
    // "  eth0: bytes packets errs drop fifo frame compressed multicast bytes packets errs drop ..."
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const auto name = words_of(line.substr(0, colon));
    const auto words = words_of(line.substr(colon + 1));
    if (name.size() != 1 || words.size() < 12 || !counts(name[0])) continue;
    const auto number = [&](size_t i) { return leading_number(words[i]).value_or(0); };
    sum->received_bytes += number(0);
    sum->sent_bytes += number(8);
    sum->errors += number(2) + number(3) + number(10) + number(11);
  }
  return sum;
}

std::optional<Network> read_network(const Places& places, int pid) {
  return parse_net_dev(small_file(places.proc + "/" + std::to_string(pid) + "/net/dev"));
}

}  // namespace outrigger::system
