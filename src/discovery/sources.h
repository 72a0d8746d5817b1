// The places that settings come from, asked. Each failure becomes a note: a source that cannot be
// asked is passed over, and said to be.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "aws/client.h"
#include "aws/imds.h"
#include "discovery/place.h"
#include "discovery/wanted.h"

namespace outrigger::discovery {

using Texts = std::map<std::string, std::string>;

struct Gathered {
  Texts instance_tags;
  Texts group_tags;
  Texts outputs;
  std::string group;              // the Auto Scaling group's name
  std::string stack;              // the stack's
  Texts parameters;               // by parameter's name
  Texts secrets;                  // by secret_id as wanted
  std::set<std::string> actions;  // IAM's, that were used
  std::vector<std::string> notes;
};

// `client` null: there is no region or there are no credentials, and AWS is not asked.
Gathered gather(const Wanted& wanted, const Place& place, aws::Client* client, aws::Imds& imds,
                const http::Cancel* cancel);

// The addresses of a locator, "host:port,host:port"; none where there are none. `what` becomes
// where it was looked for: "Cloud Map shop/stock".
struct Located {
  std::string from;
  std::optional<std::string> addresses;
  std::string note;
};
std::vector<Located> locate(const WantedSetting& setting, aws::Client* client, http::Pool& pool,
                            const aws::Variables& variables, const http::Cancel* cancel,
                            std::set<std::string>& actions);

// The targets of a DNS answer, "host:port", best first. Any bytes.
std::vector<std::string> parse_srv(const unsigned char* bytes, std::size_t size);

}  // namespace outrigger::discovery
