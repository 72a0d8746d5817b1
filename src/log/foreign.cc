#include "outrigger/log_foreign.h"

#include <algorithm>

#include "log/process.h"

namespace outrigger::log {
namespace {

constexpr internal::ArgumentType kTypes[] = {internal::ArgumentType::kText,
                                             internal::ArgumentType::kEnd};

}  // namespace

void foreign(const Foreign& entry) noexcept {
  const Module* const module = entry.module;
  const std::atomic<uint8_t>& level = module != nullptr ? module->level_cell() : internal::g_level;
  if (level.load(std::memory_order_relaxed) > static_cast<uint8_t>(entry.level)) return;
  std::string_view text = entry.text;
  while (text.ends_with('\n')) text.remove_suffix(1);
  const internal::SlowArgument argument{text.size(), text.data() != nullptr ? text.data() : ""};
  const Context* const within = t_thread.within;
  commit({static_cast<uint32_t>(entry.level), "{}", nullptr, entry.file,
          static_cast<uint32_t>(std::max(entry.line, 0)), kTypes, &argument, 1,
          within != nullptr ? within->origin().context : nullptr,
          module != nullptr ? module->name() : std::string_view()});
}

}  // namespace outrigger::log
