// Each CASE_ must be refused by the compiler in words that name the cause; without any, this file
// compiles.
#include "outrigger/service.h"

#include <string>
#include <vector>

using namespace outrigger;

struct Custom {};

void declare(Service& service) {
#if defined(CASE_wrong_type)
  service.operation("greet", "").arg<std::string>("name", "").does([](int) -> Result<Json> {
    return Json{};
  });
#elif defined(CASE_too_few)
  service.operation("greet", "").arg<std::string>("name", "").does([]() -> Result<Json> {
    return Json{};
  });
#elif defined(CASE_wrong_result)
  service.operation("greet", "").does([]() -> std::vector<int> { return {}; });
#elif defined(CASE_odd_parameter)
  service.operation("greet", "").arg<Custom>("name", "").does([](const Custom&) -> Result<Json> {
    return Json{};
  });
#elif defined(CASE_after_rest)
  service.operation("greet", "").rest<std::string>("names", "").arg<int>("times", "");
#elif defined(CASE_after_optional)
  (void)service.operation("greet", "").arg<std::optional<int>>("times", "").arg<int>("size", "");
#elif defined(CASE_stream_without_lines)
  service.operation("greet", "").arg<int>("n", "").streams([](int) -> Result<void> { return {}; });
#elif defined(CASE_stream_wrong_result)
  service.operation("greet", "").streams([](Lines&) -> Result<Json> { return Json{}; });
#elif defined(CASE_wrong_default)
  (void)service.operation("greet", "").arg<int>("n", "", "three");
#else
  service.operation("greet", "")
      .arg<std::string>("name", "")
      .arg<std::optional<int>>("times", "")
      .does([](const std::string&, std::optional<int>) -> Result<Json> { return Json{}; });
  service.operation("sum", "")
      .rest<double>("number", "")
      .read_only()
      .does([](const std::vector<double>& numbers) { return Json(numbers.size()); });
  service.operation("wait", "")
      .arg<std::string>("name", "", {.otherwise = "x", .one_of = {"x", "y"}})
      .arg<int>("times", "", 3)
      .within(std::chrono::seconds(5))
      .does([](const Call&, const std::string&, int) -> Result<Json> { return Json{}; });
  service.operation("lines", "")
      .arg<int>("n", "", {.min = 1})
      .streams([](const Call&, Lines&, int) -> Result<void> { return {}; });
#endif
}
