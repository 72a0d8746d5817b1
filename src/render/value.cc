#include "render/value.h"

#include "base/hex.h"
#include "render/context.h"
#include "render/message.h"

namespace outrigger::render {
namespace {

using internal::ArgumentType;

std::string cleaned(std::string_view text) {
  std::string clean(text.size() * kEscapedBytesMax + kSlack, '\0');
  clean.resize(
      static_cast<size_t>(append_escaped<Target::kValue>(clean.data(), text) - clean.data()));
  return clean;
}

Value value_of(ArgumentType type, uint64_t word, std::string_view text) {
  switch (type) {
    case ArgumentType::kBool: return word != 0;
    case ArgumentType::kSigned: return static_cast<int64_t>(word);
    case ArgumentType::kUnsigned: return word;
    case ArgumentType::kFloat:
      return static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(word)));
    case ArgumentType::kDouble: return std::bit_cast<double>(word);
    case ArgumentType::kText:
    case ArgumentType::kFormatted: return cleaned(text);
    default: {
      char plain[64];
      return cleaned({plain, format_plainly(plain, type, word)});
    }
  }
}

std::vector<std::pair<std::string, Value>> context_fields(const Entry& entry) {
  std::vector<std::pair<std::string, Value>> fields;
  const EntryContext& context = entry.context;
  if (!context.module.empty()) fields.emplace_back("module", cleaned(context.module));
  if (context.has_trace) {
    fields.emplace_back("trace_id", base::hex(context.trace_id, kTraceBytes));
    fields.emplace_back("span_id", base::hex(context.span_id, kSpanBytes));
  }
  for_each_field(context, [&](const FieldView& field) {
    std::string name = cleaned(field.name);
    if (is_taken(entry, field.name)) name += '_';
    fields.emplace_back(std::move(name),
                        value_of(field.type, field.word, {field.text, field.text_bytes()}));
  });
  return fields;
}

}  // namespace

std::string message_of(const Entry& entry) {
  std::string message(bytes_max(entry), '\0');
  message.resize(
      static_cast<size_t>(append_message<Target::kValue>(message.data(), entry) - message.data()));
  return message;
}

std::vector<std::pair<std::string, Value>> fields_of(const Entry& entry) {
  std::vector<std::pair<std::string, Value>> fields;
  if (entry.context.present) fields = context_fields(entry);
  const char* texts = entry.texts;
  const auto& arguments = entry.plan->arguments;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const uint64_t word = word_at(entry, i);
    const bool is_text = is_text_type(arguments[i].type);
    if (!arguments[i].name.empty()) {
      fields.emplace_back(
          arguments[i].name,
          value_of(arguments[i].type, word, is_text ? std::string_view(texts, word) : ""));
    }
    if (is_text) texts += word;
  }
  return fields;
}

}  // namespace outrigger::render
