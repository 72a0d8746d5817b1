#include <map>
#include <utility>

#include "pprof/profile.h"
#include "pprof/proto.h"

namespace outrigger::pprof {
namespace {

// Field numbers of profile.proto's message Profile.
namespace field {
constexpr uint32_t kSampleType = 1;
constexpr uint32_t kSample = 2;
constexpr uint32_t kMapping = 3;
constexpr uint32_t kLocation = 4;
constexpr uint32_t kFunction = 5;
constexpr uint32_t kStringTable = 6;
constexpr uint32_t kTimeNanos = 9;
constexpr uint32_t kDurationNanos = 10;
constexpr uint32_t kPeriodType = 11;
constexpr uint32_t kPeriod = 12;
constexpr uint32_t kComment = 13;
constexpr uint32_t kDefaultSampleType = 14;
}  // namespace field

class Encoder {
 public:
  explicit Encoder(Unwinder& unwinder) : unwinder_(unwinder) { string(""); }

  std::string encode(const ProfileHead& head, const Stacks& stacks) {
    for (const ValueType& type : head.values) out_.message(field::kSampleType, value_type(type));
    for (const Stacks::Stack& stack : stacks.all()) sample(head, stacks, stack);
    for (size_t i = 0; i < unwinder_.modules().size(); ++i) mapping(i);
    out_.number(field::kTimeNanos, static_cast<uint64_t>(head.time_ns));
    out_.number(field::kDurationNanos, static_cast<uint64_t>(head.duration_ns));
    out_.message(field::kPeriodType, value_type(head.period_type));
    out_.number(field::kPeriod, static_cast<uint64_t>(head.period));
    for (const std::string& comment : head.comments) out_.number(field::kComment, string(comment));
    if (!head.default_type.empty())
      out_.number(field::kDefaultSampleType, string(head.default_type));
    for (const std::string& text : strings_) out_.bytes(field::kStringTable, text);
    return out_.take();
  }

 private:
  uint64_t string(const std::string& text) {
    const auto [at, is_new] = string_ids_.try_emplace(text, strings_.size());
    if (is_new) strings_.push_back(text);
    return at->second;
  }

  ProtoWriter value_type(const ValueType& type) {
    ProtoWriter writer;
    writer.number(1, string(type.type));
    writer.number(2, string(type.unit));
    return writer;
  }

  void sample(const ProfileHead& head, const Stacks& stacks, const Stacks::Stack& stack) {
    ProtoWriter locations;
    ProtoWriter values;
    ProtoWriter writer;
    std::span<const uint64_t> addresses = stacks.addresses(stack);
    if (head.from_hooks) addresses = addresses.subspan(hook_frames(addresses, unwinder_));
    bool at_hook = head.from_hooks;
    for (const uint64_t address : addresses) {
      locations.varint(location(address, at_hook));
      at_hook = false;
    }
    for (size_t i = 0; i < head.values.size(); ++i)
      values.varint(static_cast<uint64_t>(stack.values[i]));
    writer.bytes(1, locations.text());
    writer.bytes(2, values.text());
    if (stack.label < head.labels.size()) {
      for (const auto& [key, value] : head.labels[stack.label]) {
        ProtoWriter label;
        label.number(1, string(key));
        label.number(2, string(value));
        writer.message(3, label);
      }
    }
    out_.message(field::kSample, writer);
  }

  uint64_t location(uint64_t address, bool at_hook) {
    const auto [at, is_new] = location_ids_.try_emplace(address, location_ids_.size() + 1);
    const uint64_t id = at->second;
    if (!is_new) return id;
    ProtoWriter writer;
    writer.number(1, id);
    writer.number(2, mapping_of(address));
    writer.number(3, address);
    const std::vector<Frame> frames =
        at_hook ? hook_caller_frames(address, unwinder_) : unwinder_.frames_at(address);
    for (const Frame& frame : frames) {
      ProtoWriter line;
      line.number(1, function(frame.function, frame.line.file));
      line.number(2, static_cast<uint64_t>(frame.line.line));
      writer.message(4, line);
    }
    out_.message(field::kLocation, writer);
    return id;
  }

  uint64_t function(const Function& function, const std::string& file) {
    const auto [at, is_new] = function_ids_.try_emplace(
        std::pair(function.begin, function.system_name), function_ids_.size() + 1);
    const uint64_t id = at->second;
    if (!is_new) return id;
    ProtoWriter writer;
    writer.number(1, id);
    writer.number(2, string(function.name));
    writer.number(3, string(function.system_name));
    writer.number(4, string(file));
    out_.message(field::kFunction, writer);
    return id;
  }

  uint64_t mapping_of(uint64_t address) const {
    const Module* const module = unwinder_.module_at(address);
    return module == nullptr ? 0 : static_cast<uint64_t>(module - unwinder_.modules().data()) + 1;
  }

  void mapping(size_t index) {
    const Module& module = unwinder_.modules()[index];
    ProtoWriter writer;
    writer.number(1, index + 1);
    writer.number(2, module.begin);
    writer.number(3, module.end);
    writer.number(5, string(module.file));
    writer.number(6, string(module.build_id));
    writer.number(7, 1);  // has_functions: nobody needs the binary
    out_.message(field::kMapping, writer);
  }

  Unwinder& unwinder_;
  ProtoWriter out_;
  std::vector<std::string> strings_;
  std::unordered_map<std::string, uint64_t> string_ids_;
  std::unordered_map<uint64_t, uint64_t> location_ids_;
  std::map<std::pair<uint64_t, std::string>, uint64_t> function_ids_;  // by begin and name
};

}  // namespace

std::string encode(const ProfileHead& head, const Stacks& stacks, Unwinder& unwinder) {
  return gzipped(Encoder(unwinder).encode(head, stacks));
}

}  // namespace outrigger::pprof
