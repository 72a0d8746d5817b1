#include "render/plan.h"

#include <string.h>

#include <algorithm>
#include <charconv>

#include "outrigger/internal/format_check.h"
#include "render/escape.h"

namespace outrigger::render {
namespace {

using internal::ArgumentType;
using internal::is_digit;
using internal::one_of;

// What the longest double in fixed notation needs, sign and point included, next to width and
// precision.
constexpr size_t kNumberBytesMax = 416;
// Everything else in a line: time, level, thread, key, and the names of these (render/json.cc).
constexpr size_t kLineBytesMax = 512;
constexpr int kFixedDecimalsMax = 9;

bool is_number(ArgumentType type) {
  return type == ArgumentType::kSigned || type == ArgumentType::kUnsigned;
}
bool is_floating(ArgumentType type) {
  return type == ArgumentType::kFloat || type == ArgumentType::kDouble;
}
bool is_text(ArgumentType type) {
  return type == ArgumentType::kText || type == ArgumentType::kFormatted;
}

// The types that a spec may ask for.
std::string_view types_of_spec(ArgumentType type) {
  switch (type) {
    case ArgumentType::kSigned:
    case ArgumentType::kUnsigned:
      return "bBdoxXcL";  // L: 1,204; log calls may not ask for it, the keeper does
    case ArgumentType::kFloat:
    case ArgumentType::kDouble: return "aAeEfFgG";
    case ArgumentType::kBool: return "sbBdoxX";
    case ArgumentType::kChar: return "cbBdoxX";
    case ArgumentType::kText: return "s";
    case ArgumentType::kPointer: return "p";
    default: return "";
  }
}

bool fits(const Spec& spec, ArgumentType type) {
  const bool numeric = is_number(type) || is_floating(type);
  const bool as_number = numeric || type == ArgumentType::kBool || type == ArgumentType::kChar;
  if (spec.sign != 0 && !numeric) return false;
  if ((spec.alternate || spec.zero) && !as_number) return false;
  if (spec.precision >= 0 && !is_floating(type) && type != ArgumentType::kText) return false;
  return spec.type == 0 || one_of(spec.type, types_of_spec(type));
}

bool is_plain(const Spec& spec) {
  return spec.width == 0 && spec.precision < 0 && spec.sign == 0 && !spec.alternate &&
         spec.type == 0;
}

Style style_of(const Spec& spec, ArgumentType type) {
  const bool plain = is_plain(spec);
  if (is_number(type) &&
      (plain || (spec.type == 'd' && spec.width == 0 && spec.sign == 0 && !spec.alternate)))
    return type == ArgumentType::kSigned ? Style::kSigned : Style::kUnsigned;
  if (is_floating(type) && spec.width == 0 && spec.sign == 0 && !spec.alternate &&
      spec.type == 'f' && spec.precision <= kFixedDecimalsMax)
    return Style::kFixed;
  if (is_text(type)) return spec.width == 0 && spec.precision < 0 ? Style::kText : Style::kPadded;
  if (plain) return Style::kPlain;
  const bool number = is_number(type) || is_floating(type) || type == ArgumentType::kPointer ||
                      type == ArgumentType::kBool || type == ArgumentType::kChar;
  return number ? Style::kGeneral : Style::kPadded;
}

bool is_name(std::string_view text) {
  if (text.empty() || is_digit(text[0])) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return internal::is_letter(c) || is_digit(c); });
}

// Collects texts for a plan's arena; views are made when all is there and nothing moves any more.
class Arena {
 public:
  struct Part {
    size_t at = 0;
    size_t size = 0;
  };
  Part add(std::string_view text) {
    return add_with([&](char* to) { return put(to, text); }, text.size());
  }
  template <Target kTarget>
  Part escaped(std::string_view text) {
    return add_with([&](char* to) { return append_escaped<kTarget>(to, text); },
                    text.size() * kEscapedBytesMax);
  }
  std::unique_ptr<char[]> finish() const {
    auto bytes = std::make_unique<char[]>(bytes_.size() + kSlack);
    memcpy(bytes.get(), bytes_.data(), bytes_.size());
    return bytes;
  }

 private:
  static char* put(char* to, std::string_view text) {
    memcpy(to, text.data(), text.size());
    return to + text.size();
  }
  template <typename Write>
  Part add_with(Write write, size_t size_max) {
    const size_t at = bytes_.size();
    bytes_.resize(at + size_max + kSlack);
    const auto size = static_cast<size_t>(write(bytes_.data() + at) - (bytes_.data() + at));
    bytes_.resize(at + size);
    return {at, size};
  }
  std::string bytes_;
};

// The stretches of a format string, as yet without a place of their own.
struct Stretch {
  std::string text;
  uint32_t argument = Piece::kNone;
};

struct Parsed {
  std::vector<Stretch> stretches;
  std::vector<Argument> arguments;
  std::vector<std::string> names;
};

std::string unused_name(std::string_view wanted, const std::vector<std::string>& used) {
  std::string name(wanted);
  const auto taken = [&] {
    return std::find(std::begin(internal::kReservedNames), std::end(internal::kReservedNames),
                     name) != std::end(internal::kReservedNames) ||
           std::find(used.begin(), used.end(), name) != used.end();
  };
  while (taken()) name += '_';
  return name;
}

void add_argument(Parsed& parsed, std::string_view body, ArgumentType type) {
  const size_t colon = body.find(':');
  const std::string_view name = body.substr(0, colon);
  Argument argument;
  argument.type = type;
  // A value with a formatter of its own was formatted by its call.
  if (colon != std::string_view::npos && type != ArgumentType::kFormatted) {
    Spec spec;
    if (parse_spec(body.substr(colon + 1), spec) && fits(spec, type)) argument.spec = spec;
  }
  argument.style = style_of(argument.spec, type);
  parsed.names.push_back(is_name(name) ? unused_name(name, parsed.names) : std::string());
  parsed.arguments.push_back(argument);
}

// False when the braces do not match.
bool parse_format(std::string_view format, std::span<const uint8_t> types, Parsed& parsed) {
  std::string text;
  for (size_t i = 0; i < format.size(); ++i) {
    const char c = format[i];
    const bool doubled = i + 1 < format.size() && format[i + 1] == c;
    if ((c == '{' || c == '}') && doubled) ++i;
    if (c != '{' || doubled) {
      if (c == '}' && !doubled) return false;
      text += c;
      continue;
    }
    size_t depth = 1;
    size_t end = i + 1;
    for (; end < format.size(); ++end) {
      if (format[end] == '{') ++depth;
      if (format[end] == '}' && --depth == 0) break;
    }
    if (end == format.size()) return false;
    const size_t index = parsed.arguments.size();
    if (index < types.size()) {
      add_argument(parsed, format.substr(i + 1, end - i - 1),
                   static_cast<ArgumentType>(types[index]));
      parsed.stretches.push_back({std::move(text), static_cast<uint32_t>(index)});
      text.clear();
    } else {
      text += format.substr(i, end - i + 1);
    }
    i = end;
  }
  parsed.stretches.push_back({std::move(text), Piece::kNone});
  return true;
}

// Arguments that no field of the format speaks of are not shown, but their words and bytes are in
// the record.
void add_unnamed_rest(Parsed& parsed, std::span<const uint8_t> types) {
  while (parsed.arguments.size() < types.size())
    add_argument(parsed, {}, static_cast<ArgumentType>(types[parsed.arguments.size()]));
}

std::string source_of(const Site& site) {
  if (site.file.empty()) return {};
  std::string source(site.file.substr(site.file.rfind('/') + 1));
  return source + ':' + std::to_string(site.line);
}

}  // namespace

bool parse_spec(std::string_view text, Spec& spec) {
  size_t i = 0;
  const auto is_align = [&](size_t at) { return at < text.size() && one_of(text[at], "<>^"); };
  uint32_t code = 0;
  const size_t first = decode_utf8(text.data(), text.data() + text.size(), code);
  if (first != 0 && text[0] != '{' && text[0] != '}' && is_align(first)) {
    memcpy(spec.fill, text.data(), first);
    spec.fill_bytes = static_cast<uint8_t>(first);
    spec.align = text[first];
    i = first + 1;
  } else if (is_align(0)) {
    spec.align = text[0];
    i = 1;
  }
  const auto number = [&](unsigned& value) {
    const auto parsed = std::from_chars(text.data() + i, text.data() + text.size(), value);
    i = static_cast<size_t>(parsed.ptr - text.data());
    return parsed.ec == std::errc() && value <= kWidthMax;
  };
  if (i < text.size() && one_of(text[i], "+- ")) {
    spec.sign = text[i] == '-' ? '\0' : text[i];
    ++i;
  }
  if (i < text.size() && text[i] == '#') spec.alternate = true, ++i;
  if (i < text.size() && text[i] == '0') spec.zero = true, ++i;
  unsigned value = 0;
  if (i < text.size() && is_digit(text[i])) {
    if (!number(value)) return false;
    spec.width = static_cast<uint16_t>(value);
  }
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (!number(value)) return false;
    spec.precision = static_cast<int16_t>(value);
  }
  if (i < text.size()) spec.type = text[i++];
  return i == text.size();
}

std::unique_ptr<Plan> make_plan(std::string_view format, std::span<const uint8_t> types,
                                const Site& site) {
  Parsed parsed;
  if (!parse_format(format, types, parsed)) {
    parsed = {};
    parsed.stretches.push_back({std::string(format), Piece::kNone});
  }
  add_unnamed_rest(parsed, types);

  Arena arena;
  struct Places {
    Arena::Part text, json, raw;
  };
  std::vector<Places> places;
  for (const Stretch& stretch : parsed.stretches) {
    places.push_back({arena.escaped<Target::kText>(stretch.text),
                      arena.escaped<Target::kJson>(stretch.text),
                      arena.escaped<Target::kValue>(stretch.text)});
  }
  std::vector<std::pair<Arena::Part, Arena::Part>> names;
  for (const std::string& name : parsed.names) {
    names.emplace_back(arena.add(name),
                       name.empty() ? Arena::Part{} : arena.add(",\"" + name + "\":"));
  }
  const std::string source = source_of(site);
  const Arena::Part value_source = arena.escaped<Target::kValue>(source);
  const Arena::Part json_source_open = arena.add(source.empty() ? "\"" : "\",\"source\":\"");
  const Arena::Part json_source_name = arena.escaped<Target::kJson>(source);
  const Arena::Part json_source_close = arena.add(source.empty() ? "" : "\"");
  const Arena::Part text_source_open = arena.add(source.empty() ? "" : " (");
  const Arena::Part text_source_name = arena.escaped<Target::kText>(source);
  const Arena::Part text_source_close = arena.add(source.empty() ? "" : ")");

  auto plan = std::make_unique<Plan>();
  plan->arena = arena.finish();
  const auto view = [&](Arena::Part part) {
    return std::string_view(plan->arena.get() + part.at, part.size);
  };
  const auto joined = [&](Arena::Part first, Arena::Part middle, Arena::Part last) {
    return std::string_view(plan->arena.get() + first.at, first.size + middle.size + last.size);
  };
  plan->arguments = std::move(parsed.arguments);
  plan->source = view(value_source);
  plan->json_source = joined(json_source_open, json_source_name, json_source_close);
  plan->text_source = joined(text_source_open, text_source_name, text_source_close);
  plan->bytes_max = kLineBytesMax + plan->json_source.size() + plan->text_source.size() + kSlack;
  for (size_t i = 0; i < parsed.stretches.size(); ++i) {
    plan->pieces.push_back({view(places[i].text), view(places[i].json), view(places[i].raw),
                            parsed.stretches[i].argument});
    plan->bytes_max += std::max(places[i].text.size, places[i].json.size);
  }
  for (size_t i = 0; i < plan->arguments.size(); ++i) {
    Argument& argument = plan->arguments[i];
    argument.name = view(names[i].first);
    argument.json_name = view(names[i].second);
    plan->has_fields |= !argument.name.empty();
    plan->bytes_max += kEscapedBytesMax * (argument.spec.width + size_t{4}) + kNumberBytesMax +
                       static_cast<size_t>(std::max<int16_t>(argument.spec.precision, 0)) +
                       argument.json_name.size() + 2;
  }
  return plan;
}

PlanCache::PlanCache(const Image& image) : image_(image), slots_(256) {}

// Where these addresses are, or the free slot where they belong.
size_t PlanCache::place_of(uint32_t format, uint32_t site, uint32_t types) const {
  const uint64_t mixed = (uint64_t{site} << 32 | format) * 0x9e3779b97f4a7c15u ^
                         uint64_t { types } * 0xc2b2ae3d27d4eb4fu;
  const size_t mask = slots_.size() - 1;
  size_t at = mixed >> 40 & mask;
  for (;; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.site == site && slot.format == format && slot.types == types) [[likely]]
      return at;
    if (slot.format == 0) return at;
  }
}

void PlanCache::grow() {
  std::vector<Slot> old(2 * slots_.size());
  old.swap(slots_);
  for (Slot& slot : old)
    if (slot.format != 0) slots_[place_of(slot.format, slot.site, slot.types)] = std::move(slot);
}

const Plan* PlanCache::find(uint32_t format, uint32_t site, uint32_t types) {
  const Plan* const known = slots_[place_of(format, site, types)].plan.get();
  if (known != nullptr) [[likely]]
    return known;
  Site place;
  std::span<const uint8_t> list;
  size_t length = 0;
  const char* const text = format == 0 ? nullptr : image_.text_at(format, length);
  if (text == nullptr || !image_.site_at(site, place) || !image_.types_at(types, list))
    return nullptr;
  if (count_ == kPlansMax) {
    for (Slot& slot : slots_) slot = Slot{};
    count_ = 0;
  }
  if (2 * ++count_ > slots_.size()) grow();
  Slot& slot = slots_[place_of(format, site, types)];
  slot = {format, site, types, make_plan({text, length}, list, place)};
  return slot.plan.get();
}

const Plan* PlanCache::find_copied(std::string_view format, std::span<const uint8_t> types,
                                   const Site& site) {
  // The lengths keep apart what would read the same when joined.
  const uint32_t lengths[3] = {site.line, static_cast<uint32_t>(types.size()),
                               static_cast<uint32_t>(format.size())};
  key_.assign(reinterpret_cast<const char*>(lengths), sizeof(lengths));
  key_.append(reinterpret_cast<const char*>(types.data()), types.size())
      .append(format)
      .append(site.file);
  const auto known = copied_.find(key_);
  if (known != copied_.end()) return known->second.get();
  if (copied_.size() >= kCopiedPlansMax) copied_.clear();
  return copied_.emplace(key_, make_plan(format, types, site)).first->second.get();
}

}  // namespace outrigger::render
