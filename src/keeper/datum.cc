#include "keeper/datum.h"

#include <algorithm>
#include <cmath>

#include "aws/cloudwatch.h"
#include "base/number.h"
#include "outrigger/internal/metric_cells.h"

namespace outrigger::keeper {
namespace {

constexpr uint64_t kMerged = 3;  // buckets of an octave's 64 that become one

void append_text(std::string_view text, std::string& out) {
  const auto is_plain = [](char c) { return c >= 0x20 && c <= 0x7e && c != '"' && c != '\\'; };
  out += '"';
  if (std::all_of(text.begin(), text.end(), is_plain)) {
    out += text;
  } else {
    for (const char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      out += c < 0x20 || c > 0x7e ? '?' : c;
    }
  }
  out += '"';
}

// Which group of merged buckets a value belongs to, and that group's middle.
std::pair<uint64_t, double> group_of(double value) {
  if (value <= 0) return {0, 0};
  const uint64_t bucket =
      (std::bit_cast<uint64_t>(value) >> internal::kBucketShift) - internal::kFirstBucket;
  const uint64_t octave = bucket / internal::kOctaveBuckets * internal::kOctaveBuckets;
  const uint64_t begin = octave + (bucket - octave) / kMerged * kMerged;
  const uint64_t end = std::min(begin + kMerged, octave + internal::kOctaveBuckets);
  const auto low = [](uint64_t at) {
    return std::bit_cast<double>((at + internal::kFirstBucket) << internal::kBucketShift);
  };
  return {begin + 1, (low(begin) + low(end)) / 2};
}

}  // namespace

double mean_of(const Distribution& distribution) {
  double sum = 0, count = 0;
  for (const auto& [each, times] : distribution) {
    sum += each * static_cast<double>(times);
    count += static_cast<double>(times);
  }
  return count == 0 ? 0 : sum / count;
}

std::vector<Distribution> sendable(const Distribution& distribution) {
  Distribution merged;
  if (distribution.size() <= aws::cloudwatch::kValuesMax) {
    merged = distribution;
  } else {
    uint64_t last = UINT64_MAX;
    for (const auto& [value, count] : distribution) {
      const auto [group, middle] = group_of(value);
      if (group == last) merged.back().second += count;
      else merged.emplace_back(middle, count);
      last = group;
    }
  }
  std::vector<Distribution> parts;
  for (size_t at = 0; at < merged.size(); at += aws::cloudwatch::kValuesMax) {
    const size_t end = std::min(merged.size(), at + aws::cloudwatch::kValuesMax);
    parts.emplace_back(merged.begin() + static_cast<std::ptrdiff_t>(at),
                       merged.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return parts;
}

void append_datum(const Datum& datum, int64_t unix_s, std::string& out, size_t& members) {
  const auto begin = [&] {
    if (members++ != 0) out += ',';
    out += "{\"MetricName\":";
    append_text(datum.name, out);
    if (!datum.dimensions.empty()) {
      out += ",\"Dimensions\":[";
      for (size_t i = 0; i < datum.dimensions.size(); ++i) {
        out += i == 0 ? "{\"Name\":" : ",{\"Name\":";
        append_text(datum.dimensions[i].first, out);
        out += ",\"Value\":";
        append_text(datum.dimensions[i].second, out);
        out += '}';
      }
      out += ']';
    }
    out += ",\"Unit\":";
    append_text(datum.unit, out);
    out += ",\"Timestamp\":";
    base::append_number(out, unix_s);
    if (datum.high_resolution) out += ",\"StorageResolution\":1";
  };
  if (datum.distribution.empty()) {
    begin();
    out += ",\"Value\":";
    base::append_number(out, datum.value);
    out += '}';
    return;
  }
  for (const Distribution& part : sendable(datum.distribution)) {
    begin();
    for (const char* list : {",\"Values\":[", ",\"Counts\":["}) {
      out += list;
      for (size_t i = 0; i < part.size(); ++i) {
        if (i != 0) out += ',';
        list[2] == 'V' ? base::append_number(out, part[i].first)
                       : base::append_number(out, part[i].second);
      }
      out += ']';
    }
    out += '}';
  }
}

std::string body_begin(const std::string& name_space) {
  std::string body = "{\"Namespace\":";
  append_text(name_space, body);
  body += ",\"MetricData\":[";
  return body;
}

}  // namespace outrigger::keeper
