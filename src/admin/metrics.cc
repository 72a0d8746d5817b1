#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "admin/metric_name.h"
#include "admin/pages.h"
#include "base/number.h"

namespace outrigger::admin {
namespace {

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
    base::append_number(out, value);
  }
}

// The inner part of "{...}".
std::string labels_of(const Metric& metric) {
  std::string out;
  for (const auto& [name, value] : metric.labels) {
    if (!out.empty()) out += ',';
    out += exposed_label(name);
    out += "=\"";
    out += escaped(value, true);
    out += '"';
  }
  return out;
}

struct Sample {
  double value = 0;  // of a histogram the sum
  std::vector<Bucket> buckets{};

  // A second one of the same labels.
  void add(double more, double factor, const std::vector<Bucket>& others) {
    value += more;
    if (buckets.empty()) {
      buckets = others;
      for (Bucket& bucket : buckets) bucket.bound *= factor;
    } else if (buckets.size() == others.size()) {
      for (std::size_t i = 0; i < others.size(); ++i) buckets[i].count += others[i].count;
    }
  }
};

// All values of one name: the formats want them together.
struct Family {
  const Metric* first = nullptr;
  std::map<std::string, Sample> samples;  // by labels
};

class Page {
 public:
  Page(MetricsFormat format, std::string& out)
      : open_(format == MetricsFormat::kOpenMetrics), out_(out) {}

  void write(const std::string& name, const Family& family) {
    const MetricKind kind = family.first->kind;
    const std::string sample = kind == MetricKind::kCounter ? name + std::string(kTotal) : name;
    // OpenMetrics names the family, the older format the sample.
    const std::string& described = open_ ? name : sample;
    std::string help = family.first->help;
    if (help.empty()) help = "The metric " + family.first->name + ".";
    out_.append("# HELP ").append(described).append(" ").append(escaped(help, open_)).append("\n");
    out_.append("# TYPE ").append(described).append(kind == MetricKind::kCounter ? " counter\n"
                                                    : kind == MetricKind::kGauge ? " gauge\n"
                                                                                 : " histogram\n");
    for (const auto& [labels, value] : family.samples) {
      if (kind == MetricKind::kHistogram) histogram(name, labels, value);
      else line(sample, labels, value.value);
    }
  }

  static constexpr std::string_view kTotal = "_total";

 private:
  void line(const std::string& name, const std::string& labels, double value) {
    out_.append(name);
    if (!labels.empty()) out_.append("{").append(labels).append("}");
    out_ += ' ';
    append_value(value, out_);
    out_ += '\n';
  }

  void histogram(const std::string& name, std::string labels, const Sample& sample) {
    const std::string outer = labels;
    if (!labels.empty()) labels += ',';
    double count = 0;
    for (const Bucket& bucket : sample.buckets) {
      std::string bound;
      append_value(bucket.bound, bound);
      // OpenMetrics wants a canonical float.
      if (open_ && bound.find_first_of(".eIN") == std::string::npos) bound += ".0";
      count = static_cast<double>(bucket.count);
      line(name + "_bucket", labels + "le=\"" + bound + '"', count);
    }
    line(name + "_sum", outer, sample.value);
    line(name + "_count", outer, count);
  }

  const bool open_;
  std::string& out_;
};

}  // namespace

http::ServerResponse metrics_page(const std::vector<Metric>& metrics, MetricsFormat format) {
  std::map<std::string, Family> families;
  for (const Metric& metric : metrics) {
    ExposedName exposed = exposed_name(metric.name, metric.unit);
    std::string& name = exposed.family;
    if (metric.kind == MetricKind::kCounter && name.ends_with(Page::kTotal))
      name.resize(name.size() - Page::kTotal.size());
    Family& family = families[name];
    if (family.first == nullptr) family.first = &metric;
    // Two names that only differ in what cannot be shown, one a counter and one a gauge: the first
    // keeps it.
    if (family.first->kind == metric.kind)
      family.samples[labels_of(metric)].add(metric.value * exposed.factor, exposed.factor,
                                            metric.buckets);
  }
  http::ServerResponse response;
  response.content_type = format == MetricsFormat::kOpenMetrics
                              ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                              : "text/plain; version=0.0.4; charset=utf-8";
  Page page(format, response.body);
  for (const auto& [name, family] : families) page.write(name, family);
  if (format == MetricsFormat::kOpenMetrics) response.body += "# EOF\n";
  return response;
}

}  // namespace outrigger::admin
