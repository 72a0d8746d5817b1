// A hostile JSON body: whatever comes, it is read in bounded depth, written as JSON again, and taken apart into an operation's parameters or refused in one sentence.
#include <stdlib.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "json/read.h"
#include "outrigger/service.h"
#include "service/call.h"
#include "service/parts.h"

namespace {

using namespace outrigger;

void check(bool holds) {
  if (!holds) abort();
}

class NoCaller final : public internal::Caller {
 public:
  std::stop_token token() const override { return {}; }
  Deadline deadline() const override { return Deadline::max(); }
  std::string_view header(std::string_view) const override { return {}; }
  bool write(const Json&) override { return false; }
};

const internal::OperationInfo& operation() {
  static Service service{{.name = "fuzzed"}};
  static const bool declared = [] {
    service.operation("a", "")
        .arg<std::string>("name", "", {.length_min = 1, .length_max = 8})
        .arg<int8_t>("n", "", {.otherwise = int8_t{1}, .min = int8_t{0}})
        .arg<std::chrono::milliseconds>("t", "", std::chrono::milliseconds(1))
        .rest<double>("d", "", 0)
        .does([](const std::string& name, int8_t n, std::chrono::milliseconds,
                 const std::vector<double>&) -> Result<Json> {
          check(!name.empty() && name.size() <= 8 && n >= 0);
          return Json(name);
        });
    return true;
  }();
  (void)declared;
  return service.parts().operations.front();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Result<Json> value = json::read({reinterpret_cast<const char*>(data), size});
  if (!value.ok()) {
    check(!value.error().message.empty());
    return 0;
  }
  const std::string text = value->dump();
  // Not the same to the last digit: Boost.JSON 1.81 reads some doubles one step beside the nearest.
  const Result<Json> second = json::read(text);
  check(second.ok() && second->size() == value->size());
  check(!value->pretty().empty());
  if (!value->is_object() && !value->is_null()) return 0;
  const auto texts = service::by_name(operation(), {}, *value);
  if (!texts.ok()) {
    check(!texts.error().message.empty());
    return 0;
  }
  NoCaller caller;
  const Result<Json> result = service::call(operation(), caller, *texts);
  check(result.ok() || !result.error().message.empty());
  return 0;
}
