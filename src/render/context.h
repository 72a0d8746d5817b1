// The context block of a record (outrigger/internal/record.h): checked once, then walked. Internal
// to this room.
#pragma once

#include <cstring>
#include <string_view>

#include "outrigger/internal/record.h"
#include "render/entry.h"

namespace outrigger::render {

inline constexpr size_t kTraceBytes = sizeof(internal::ContextHead::trace_id);
inline constexpr size_t kSpanBytes = sizeof(internal::ContextHead::span_id);

// The block at `at`, which then stands behind it. False when anything in it does not hold.
bool read_context(const segment::RawRecord& record, size_t& at, EntryContext& context);

struct FieldView {
  internal::ArgumentType type;
  std::string_view name;
  uint64_t word;     // the value; of a text its length
  const char* text;  // null for a plain word
  size_t text_bytes() const { return text == nullptr ? 0 : static_cast<size_t>(word); }
};

// The field at `from`; `from` then stands behind it. For blocks that read_context() took.
FieldView next_field(const char*& from);

template <typename Visit>
void for_each_field(const EntryContext& context, Visit visit) {
  const char* from = context.fields;
  for (size_t i = 0; i < context.field_count; ++i) visit(next_field(from));
}

// A field of the entry, or a name that entries have anyway.
bool is_taken(const Entry& entry, std::string_view name);

}  // namespace outrigger::render
