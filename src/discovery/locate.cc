// Service locators: Cloud Map, Consul's catalog, DNS SRV.
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

#include <algorithm>
#include <cstring>

#include "aws/json_value.h"
#include "aws/servicediscovery.h"
#include "discovery/sources.h"

namespace outrigger::discovery {
namespace {

constexpr std::string_view kConsulAddress = "127.0.0.1:8500";
constexpr std::chrono::milliseconds kConsulTimeout{2'000};
constexpr int kSrvAnswerBytesMax = 16 << 10;
constexpr int kSrvSeconds = 2;  // for one server
constexpr int kSrvTries = 1;

std::string joined(const std::vector<std::string>& addresses) {
  std::string text;
  for (const std::string& address : addresses) text.append(text.empty() ? "" : ",").append(address);
  return text;
}

void set(const std::vector<std::string>& addresses, Located& located) {
  if (!addresses.empty()) located.addresses = joined(addresses);
}

Located cloud_map(const std::string& name, aws::Client* client, const http::Cancel* cancel,
                  std::set<std::string>& actions) {
  Located located{"Cloud Map " + name, {}, {}};
  const size_t slash = name.find('/');
  if (client == nullptr) return located;
  if (slash == std::string::npos) {
    located.note = located.from + " will not do: expected namespace/service";
    return located;
  }
  actions.insert("servicediscovery:DiscoverInstances");
  const auto found = aws::servicediscovery::discover_instances(*client, name.substr(0, slash),
                                                               name.substr(slash + 1), cancel);
  if (found) set(*found, located);
  else located.note = located.from + ": " + found.failure().message;
  return located;
}

// https://developer.hashicorp.com/consul/api-docs/health
Located consul(const std::string& name, http::Pool& pool, const aws::Variables& variables,
               const http::Cancel* cancel) {
  Located located{"Consul " + name, {}, {}};
  std::string base = variables("CONSUL_HTTP_ADDR");
  if (base.empty()) base = kConsulAddress;
  if (!base.starts_with("http://") && !base.starts_with("https://")) base.insert(0, "http://");
  http::Request request;
  request.url = base + "/v1/health/service/" + aws::percent_encode(name) + "?passing=true";
  request.timeout = kConsulTimeout;
  if (const std::string token = variables("CONSUL_HTTP_TOKEN"); !token.empty())
    request.headers.emplace_back("X-Consul-Token", token);
  http::Progress progress;
  const auto answer = pool.send(request, {}, cancel, progress);
  if (!answer || answer->status != 200) {
    located.note = located.from + ": " +
                   (answer ? "HTTP " + std::to_string(answer->status) : answer.error().message);
    return located;
  }
  boost::json::error_code error;
  const auto parsed = boost::json::parse(aws::json_view(answer->body), error);
  if (error || !parsed.is_array()) {
    located.note = located.from + ": the answer is no JSON array";
    return located;
  }
  std::vector<std::string> addresses;
  for (const auto& each : parsed.get_array()) {
    const auto* entry = each.if_object();
    const auto* service = entry == nullptr ? nullptr : aws::object_in(*entry, "Service");
    const auto* node = entry == nullptr ? nullptr : aws::object_in(*entry, "Node");
    if (service == nullptr) continue;
    std::string host = aws::text_in(*service, "Address");
    if (host.empty() && node != nullptr) host = aws::text_in(*node, "Address");
    if (host.find(':') != std::string::npos) host = "[" + host + "]";
    if (!host.empty())
      addresses.push_back(host + ":" +
                          std::to_string(aws::number_in(*service, "Port").value_or(0)));
  }
  set(addresses, located);
  return located;
}

struct SrvTarget {
  unsigned priority;
  unsigned weight;
  std::string address;
};

// Reads a message of DNS front to back. Everything asked beyond its end gives 0 and "", and ok() is
// false from then on.
class DnsReader {
 public:
  DnsReader(const unsigned char* bytes, size_t size)
      : begin_(bytes), at_(bytes), end_(bytes + size) {}

  bool ok() const { return ok_; }
  unsigned number16() {
    if (!need(2)) return 0;
    const unsigned value = static_cast<unsigned>(at_[0]) << 8 | at_[1];
    at_ += 2;
    return value;
  }
  void skip(size_t size) {
    if (need(size)) at_ += size;
  }
  void skip_name() {
    const int size = ok_ ? dn_skipname(at_, end_) : -1;
    if (size < 0) ok_ = false;
    else at_ += size;
  }
  std::string name() {
    char text[NS_MAXDNAME];
    const int size = ok_ ? dn_expand(begin_, end_, at_, text, sizeof text) : -1;
    if (size < 0) {
      ok_ = false;
      return {};
    }
    at_ += size;
    return text;
  }
  const unsigned char* place() const { return at_; }
  void go_to(const unsigned char* place) { at_ = place; }

 private:
  bool need(size_t size) {
    ok_ = ok_ && static_cast<size_t>(end_ - at_) >= size;
    return ok_;
  }
  const unsigned char* const begin_;
  const unsigned char* at_;
  const unsigned char* const end_;
  bool ok_ = true;
};

}  // namespace

// RFC 1035 (4.1), RFC 2782: lowest priority first, then heaviest.
std::vector<std::string> parse_srv(const unsigned char* bytes, size_t size) {
  std::vector<SrvTarget> targets;
  DnsReader reader(bytes, size);
  reader.skip(4);  // id, flags
  const unsigned questions = reader.number16(), answers = reader.number16();
  reader.skip(4);  // counts of the other sections
  for (unsigned i = 0; i < questions && reader.ok(); ++i) {
    reader.skip_name();
    reader.skip(4);  // type, class
  }
  for (unsigned i = 0; i < answers && reader.ok(); ++i) {
    reader.skip_name();
    const unsigned type = reader.number16();
    reader.skip(6);  // class, time to live
    const unsigned length = reader.number16();
    const unsigned char* const data = reader.place();
    reader.skip(length);
    if (!reader.ok()) break;
    const unsigned char* const next = reader.place();
    if (type == ns_t_srv) {
      reader.go_to(data);
      const unsigned priority = reader.number16(), weight = reader.number16(),
                     port = reader.number16();
      const std::string host = reader.name();
      // "." says that the service is decidedly not available.
      if (reader.ok() && !host.empty())
        targets.push_back({priority, weight, host + ":" + std::to_string(port)});
    }
    if (reader.ok()) reader.go_to(next);
  }
  std::stable_sort(targets.begin(), targets.end(), [](const SrvTarget& a, const SrvTarget& b) {
    return a.priority != b.priority ? a.priority < b.priority : a.weight > b.weight;
  });
  std::vector<std::string> addresses;
  for (SrvTarget& target : targets) addresses.push_back(std::move(target.address));
  return addresses;
}

namespace {

Located srv(const std::string& name) {
  Located located{"DNS SRV " + name, {}, {}};
  struct __res_state state {};
  if (res_ninit(&state) != 0) {
    located.note = located.from + ": there is no resolver";
    return located;
  }
  state.retrans = kSrvSeconds;
  state.retry = kSrvTries;
  unsigned char answer[kSrvAnswerBytesMax];
  const int size = res_nquery(&state, name.c_str(), ns_c_in, ns_t_srv, answer, sizeof answer);
  const int error = state.res_h_errno;
  res_nclose(&state);
  if (size > 0)
    set(parse_srv(answer, std::min<size_t>(static_cast<size_t>(size), sizeof answer)), located);
  else if (error != HOST_NOT_FOUND && error != NO_DATA)
    located.note = located.from + ": no name server answers";
  return located;
}

}  // namespace

std::vector<Located> locate(const WantedSetting& setting, aws::Client* client, http::Pool& pool,
                            const aws::Variables& variables, const http::Cancel* cancel,
                            std::set<std::string>& actions) {
  std::vector<Located> located;
  if (!setting.cloud_map.empty())
    located.push_back(cloud_map(setting.cloud_map, client, cancel, actions));
  if (!setting.consul.empty()) located.push_back(consul(setting.consul, pool, variables, cancel));
  if (!setting.srv.empty()) located.push_back(srv(setting.srv));
  return located;
}

}  // namespace outrigger::discovery
