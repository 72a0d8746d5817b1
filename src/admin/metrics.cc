#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <string>

#include "admin/pages.h"

namespace outrigger::admin {
namespace {

bool is_small(char c) { return c >= 'a' && c <= 'z'; }
bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A name as both formats allow it and their users expect it: "ProbeFailures" is probe_failures,
// "HTTPRequests" is http_requests; other characters become '_'.
std::string exposed_name(std::string_view name) {
  std::string out;
  if (name.empty() || is_digit(name.front())) out += '_';
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (is_capital(c)) {
      const bool after_word = i > 0 && (is_small(name[i - 1]) || is_digit(name[i - 1]));
      const bool begins_word =
          i > 0 && is_capital(name[i - 1]) && i + 1 < name.size() && is_small(name[i + 1]);
      if (after_word || begins_word) out += '_';
      out += static_cast<char>(c - 'A' + 'a');
    } else {
      out += is_small(c) || is_digit(c) || c == ':' ? c : '_';
    }
  }
  return out;
}

std::string exposed_label(std::string_view name) {
  std::string out = exposed_name(name);
  std::replace(out.begin(), out.end(), ':', '_');
  return out;
}

// In label values; HELP texts leave quotes as they are in the older format.
std::string escaped(std::string_view text, bool quotes) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
  return out;
}

void append_value(double value, std::string& out) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    char text[400];
    constexpr double kExact = 9007199254740992.0;  // 2^53
    const bool whole = std::trunc(value) == value && std::abs(value) <= kExact;
    const auto end = whole
                         ? std::to_chars(text, text + sizeof text, static_cast<int64_t>(value)).ptr
                         : std::to_chars(text, text + sizeof text, value).ptr;
    out.append(text, static_cast<std::size_t>(end - text));
  }
}

std::string labels_of(const Metric& metric) {
  std::string out;
  for (const auto& [name, value] : metric.labels) {
    out += out.empty() ? '{' : ',';
    out += exposed_label(name);
    out += "=\"";
    out += escaped(value, true);
    out += '"';
  }
  if (!out.empty()) out += '}';
  return out;
}

// All values of one name: the formats want them together.
struct Family {
  const Metric* first = nullptr;
  std::map<std::string, double> samples;  // by labels; a second one of the same labels adds to it
};

}  // namespace

http::ServerResponse metrics_page(const std::vector<Metric>& metrics, MetricsFormat format) {
  constexpr std::string_view kTotal = "_total";
  std::map<std::string, Family> families;
  for (const Metric& metric : metrics) {
    std::string name = exposed_name(metric.name);
    if (metric.kind == MetricKind::kCounter && name.ends_with(kTotal))
      name.resize(name.size() - kTotal.size());
    Family& family = families[name];
    if (family.first == nullptr) family.first = &metric;
    // Two names that only differ in what cannot be shown, one a counter and one a gauge: the first
    // keeps it.
    if (family.first->kind == metric.kind) family.samples[labels_of(metric)] += metric.value;
  }

  const bool open = format == MetricsFormat::kOpenMetrics;
  http::ServerResponse response;
  response.content_type = open ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                               : "text/plain; version=0.0.4; charset=utf-8";
  std::string& out = response.body;
  for (const auto& [name, family] : families) {
    const bool counter = family.first->kind == MetricKind::kCounter;
    const std::string sample = counter ? name + std::string(kTotal) : name;
    // OpenMetrics names the family, the older format the sample.
    const std::string& described = open ? name : sample;
    if (!family.first->help.empty()) {
      out.append("# HELP ")
          .append(described)
          .append(" ")
          .append(escaped(family.first->help, open))
          .append("\n");
    }
    out.append("# TYPE ").append(described).append(counter ? " counter\n" : " gauge\n");
    for (const auto& [labels, value] : family.samples) {
      out.append(sample).append(labels).append(" ");
      append_value(value, out);
      out += '\n';
    }
  }
  if (open) out += "# EOF\n";
  return response;
}

}  // namespace outrigger::admin
