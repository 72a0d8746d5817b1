#include "render/context.h"

#include <algorithm>

#include "outrigger/internal/format_check.h"
#include "render/message.h"

namespace outrigger::render {

using internal::ArgumentType;
using internal::ContextField;
using internal::ContextHead;

namespace {

// Whether a field stands wholly in the `room` bytes at `from`; `bytes` then is its size.
bool holds(const char* from, size_t room, size_t& bytes) {
  ContextField field;
  if (room < sizeof(field)) return false;
  memcpy(&field, from, sizeof(field));
  bytes = sizeof(field) + field.name_bytes + field.value_bytes;
  if (field.type == 0 || field.type > static_cast<uint8_t>(ArgumentType::kLast)) return false;
  if (!is_text_type(static_cast<ArgumentType>(field.type)) && field.value_bytes != sizeof(uint64_t))
    return false;
  return field.name_bytes != 0 && bytes <= room;
}

}  // namespace

bool read_context(const segment::RawRecord& record, size_t& at, EntryContext& context) {
  ContextHead head;
  const char* const begin = record.bytes + at;
  if (record.size - at < sizeof(head)) return false;
  memcpy(&head, begin, sizeof(head));
  if (head.bytes < sizeof(head) || head.bytes % 8 != 0 || head.bytes > record.size - at)
    return false;
  size_t used = sizeof(head);
  for (size_t i = 0; i < head.fields; ++i) {
    size_t bytes = 0;
    if (!holds(begin + used, head.bytes - used, bytes)) return false;
    used += bytes;
  }
  if (head.module_bytes > head.bytes - used) return false;
  context.present = true;
  context.has_trace = head.has_trace != 0;
  context.trace_id = reinterpret_cast<const uint8_t*>(begin + offsetof(ContextHead, trace_id));
  context.span_id = reinterpret_cast<const uint8_t*>(begin + offsetof(ContextHead, span_id));
  context.fields = begin + sizeof(head);
  context.field_count = head.fields;
  context.module = {begin + used, head.module_bytes};
  context.bytes = head.bytes;
  at += head.bytes;
  return true;
}

FieldView next_field(const char*& from) {
  ContextField field;
  memcpy(&field, from, sizeof(field));
  FieldView view{static_cast<ArgumentType>(field.type),
                 {from + sizeof(field), field.name_bytes},
                 field.value_bytes,
                 from + sizeof(field) + field.name_bytes};
  if (!is_text_type(view.type)) {
    memcpy(&view.word, view.text, sizeof(view.word));
    view.text = nullptr;
  }
  from += sizeof(field) + field.name_bytes + field.value_bytes;
  return view;
}

bool is_taken(const Entry& entry, std::string_view name) {
  const auto& arguments = entry.plan->arguments;
  return std::find(std::begin(internal::kReservedNames), std::end(internal::kReservedNames),
                   name) != std::end(internal::kReservedNames) ||
         std::any_of(arguments.begin(), arguments.end(),
                     [&](const Argument& argument) { return argument.name == name; });
}

}  // namespace outrigger::render
