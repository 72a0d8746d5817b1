#include "keeper/interval.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace outrigger::keeper {
namespace {

void add_to(Distribution& into, const Distribution& more) {
  Distribution sum;
  sum.reserve(into.size() + more.size());
  size_t a = 0, b = 0;
  while (a < into.size() || b < more.size()) {
    if (b == more.size() || (a < into.size() && into[a].first < more[b].first)) {
      sum.push_back(into[a++]);
    } else if (a == into.size() || more[b].first < into[a].first) {
      sum.push_back(more[b++]);
    } else {
      sum.emplace_back(into[a].first, into[a].second + more[b].second);
      ++a, ++b;
    }
  }
  into = std::move(sum);
}

// `part` becomes the sum of both.
void add_earlier(Part& part, Part& earlier) {
  if (part.kind == Part::Kind::kCounter) part.value += earlier.value;
  if (part.histogram == nullptr || earlier.histogram == nullptr) return;
  add_to(part.histogram->distribution, earlier.histogram->distribution);
  for (segment::MetricOctave& octave : earlier.histogram->octaves) {
    auto& later = part.histogram->octaves;
    const bool again = std::any_of(later.begin(), later.end(), [&](const auto& other) {
      return other.octave == octave.octave;
    });
    if (!again) later.push_back(std::move(octave));
  }
}

}  // namespace

void merge(Interval& into, Interval later) {
  std::unordered_map<uint32_t, size_t> places;
  places.reserve(into.parts.size());
  for (size_t i = 0; i < into.parts.size(); ++i) places.emplace(into.parts[i].series, i);
  into.unix_s = later.unix_s;
  for (Part& part : later.parts) {
    const auto found = places.find(part.series);
    if (found == places.end()) {
      into.parts.push_back(std::move(part));
      continue;
    }
    Part& earlier = into.parts[found->second];
    add_earlier(part, earlier);
    earlier = std::move(part);
  }
}

size_t IntervalQueue::bytes_of(const Interval& interval) {
  size_t bytes = sizeof(Interval) + interval.parts.size() * sizeof(Part);
  for (const Part& part : interval.parts) {
    if (part.histogram == nullptr) continue;
    bytes += sizeof(PartOfHistogram) +
             part.histogram->distribution.size() * sizeof(Distribution::value_type) +
             part.histogram->octaves.size() * sizeof(segment::MetricOctave);
  }
  return bytes;
}

void IntervalQueue::push(Interval interval) {
  bytes_ += bytes_of(interval);
  queue_.push_back(std::move(interval));
  // Not the first: a part of it may be under way.
  while (queue_.size() > 2 && (queue_.size() > kIntervalsMax || bytes_ > kBytesMax)) {
    bytes_ -= bytes_of(queue_[1]) + bytes_of(queue_[2]);
    Interval later = std::move(queue_[2]);
    queue_.erase(queue_.begin() + 2);
    merge(queue_[1], std::move(later));
    bytes_ += bytes_of(queue_[1]);
  }
}

void IntervalQueue::pop() {
  bytes_ -= bytes_of(queue_.front());
  queue_.pop_front();
}

}  // namespace outrigger::keeper
