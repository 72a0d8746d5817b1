#include "http/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace outrigger::http {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

// Case folded by hand: the C library would ask the locale.
std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool is_ipv6(const std::string& host) {
  in6_addr address;
  // The C library stops at a NUL, where whoever uses the host later may not.
  if (host.find('\0') != std::string::npos) return false;
  return inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

std::optional<int> parse_port(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port < 0 || port > 65535)
    return {};
  return port;
}

// Takes "scheme://" off the front of `text`, lower-cased; empty when there is none.
std::string take_scheme(std::string_view& text) {
  const size_t end = text.find("://");
  if (end == std::string_view::npos || end == 0) return {};
  std::string scheme = lower(text.substr(0, end));
  const bool letters = std::all_of(scheme.begin(), scheme.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  });
  if (!letters) return {};
  text.remove_prefix(end + 3);
  return scheme;
}

void append_query(std::string_view text, Query& query, bool& well_formed) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const size_t equals = std::min(pair.find('='), pair.size());
    auto& [name, value] = query.emplace_back();
    well_formed &= percent_decode(pair.substr(0, equals), Plus::kSpace, name);
    if (equals < pair.size()) {
      well_formed &= percent_decode(pair.substr(equals + 1), Plus::kSpace, value);
    }
  }
}

Error bad_url(std::string_view text, std::string_view reason) {
  return Error{ErrorKind::kBadInput,
               "URL \"" + std::string(text) + "\" will not do: " + std::string(reason), "url"};
}

}  // namespace

bool percent_decode(std::string_view text, Plus plus, std::string& out) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == Plus::kSpace) {
      out += ' ';
    } else if (text[i] == '%') {
      const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0) return false;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return true;
}

std::optional<HostPort> split_host_port(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == text.size()) return {};
  const auto port = parse_port(text.substr(colon + 1));
  std::string_view host = text.substr(0, colon);
  if (!port) return {};
  if (!host.empty() && host.front() == '[') {
    if (host.size() < 3 || host.back() != ']') return {};
    host = host.substr(1, host.size() - 2);
    if (!is_ipv6(std::string(host))) return {};
  } else if (host.find(':') != std::string_view::npos) {
    return {};  // an IPv6 literal without brackets: which colon is the port's?
  }
  return HostPort{std::string(host), *port};
}

std::optional<Target> parse_target(std::string_view text) {
  if (const std::string scheme = take_scheme(text); !scheme.empty()) {
    if (scheme != "http" && scheme != "https") return {};
    text.remove_prefix(std::min(text.find_first_of("/?"), text.size()));
    if (text.empty()) text = "/";
  }
  if (text.empty() || text.front() != '/') return {};
  text = text.substr(0, text.find('#'));
  const size_t question = std::min(text.find('?'), text.size());
  Target target;
  if (!percent_decode(text.substr(0, question), Plus::kLiteral, target.path)) return {};
  if (std::any_of(target.path.begin(), target.path.end(), is_control)) return {};
  bool well_formed = true;
  if (question < text.size()) append_query(text.substr(question + 1), target.query, well_formed);
  if (!well_formed) return {};
  return target;
}

Result<Url> parse_url(std::string_view text) {
  if (text.size() > 8000) return bad_url(text.substr(0, 60), "it is longer than 8000 characters");
  std::string_view rest = text;
  Url url;
  const std::string scheme = take_scheme(rest);
  if (scheme != "http" && scheme != "https") {
    return bad_url(text, "expected http://host or https://host");
  }
  url.tls = scheme == "https";
  const size_t authority_end = std::min(rest.find_first_of("/?#"), rest.size());
  std::string_view authority = rest.substr(0, authority_end);
  std::string_view target = rest.substr(authority_end);
  if (authority.find('@') != std::string_view::npos) {
    return bad_url("(not shown)", "a user or password has no place in a URL");
  }

  const int default_port = url.tls ? 443 : 80;
  const size_t bracket = authority.rfind(']');
  const size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  url.port = default_port;
  if (colon != std::string_view::npos) {
    const std::string_view port_text = authority.substr(colon + 1);
    const auto port = parse_port(port_text);
    // An empty port is the scheme's own (RFC 3986, 3.2.3).
    if (!port_text.empty() && (!port || *port == 0)) {
      return bad_url(text, "the port is not a number from 1 to 65535");
    }
    if (port) url.port = *port;
    authority = authority.substr(0, colon);
  }
  const bool bracketed = !authority.empty() && authority.front() == '[';
  if (bracketed) {
    if (authority.back() != ']') return bad_url(text, "a '[' is not closed");
    url.host = authority.substr(1, authority.size() - 2);
    if (!is_ipv6(url.host)) return bad_url(text, "what stands in brackets is not an IPv6 address");
    url.authority = std::string("[").append(lower(url.host)).append("]");
  } else {
    if (authority.empty()) return bad_url(text, "it names no host");
    if (authority.size() > 253 ||
        !std::all_of(authority.begin(), authority.end(), is_host_character)) {
      return bad_url(text, "the host holds characters that no host name has");
    }
    url.host = lower(authority);
    url.authority = url.host;
  }
  if (url.port != default_port) url.authority.append(":").append(std::to_string(url.port));

  target = target.substr(0, target.find('#'));
  if (target.empty() || target.front() != '/') url.target.push_back('/');
  for (const char c : target) {
    if (is_control(c) || c == ' ') return bad_url(text, "it holds a space or a control character");
    if (static_cast<unsigned char>(c) < 0x80) {
      url.target += c;
    } else {
      constexpr char kDigits[] = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      url.target += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return url;
}

}  // namespace outrigger::http
