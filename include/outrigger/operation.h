// Operations: what a service does for its callers. One declaration is an HTTP endpoint and a
// command, `hello greet Ada` and `GET :8080/greet?name=Ada`:
//
//     hello.operation("greet", "Greets one person.")
//         .arg<std::string>("name", "whom to greet")
//         .read_only()                                      // GET; otherwise POST
//         .does([](const std::string& name) -> Result<Json> {
//           return Json{{"greeting", "Hi, " + name}};
//         });
//
// The function is called with the parameters in the order of their declaration, from any of the
// server's threads and several at a time. What it throws is caught, logged, and answered as a
// failure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "outrigger/internal/value.h"
#include "outrigger/json.h"
#include "outrigger/result.h"

namespace outrigger {
namespace internal {

struct ServiceParts;

enum class Arity { kOne, kOptional, kMany };

struct ParameterInfo {
  std::string name;
  std::string help;
  std::string_view type;
  Arity arity = Arity::kOne;
};

// The texts given for each parameter, in the order of declaration: one for kOne, up to one for
// kOptional, at least one for kMany. Counted by whoever fills it (src/service/call.cc).
using ParameterTexts = std::vector<std::vector<std::string>>;

struct OperationInfo {
  std::string name;
  std::string about;
  std::vector<ParameterInfo> parameters;
  bool read_only = false;
  std::function<Result<Json>(const ParameterTexts&)> call;
};

void add_operation(ServiceParts& parts, OperationInfo operation);

template <typename T>
struct ParameterOf {
  static_assert(Value<T>,
                "an operation's parameter is a bool, a number, a std::string or a chrono duration");
  using Type = T;
  static constexpr Arity kArity = Arity::kOne;
  static Result<T> parse(std::string_view name, const std::vector<std::string>& texts) {
    return parse_value<T>(name, texts.front());
  }
};
template <typename T>
struct ParameterOf<std::optional<T>> : ParameterOf<T> {
  static constexpr Arity kArity = Arity::kOptional;
  static Result<std::optional<T>> parse(std::string_view name,
                                        const std::vector<std::string>& texts) {
    if (texts.empty()) return std::optional<T>{};
    Result<T> value = parse_value<T>(name, texts.front());
    if (!value.ok()) return value.error();
    return std::optional<T>(std::move(*value));
  }
};
template <typename T>
struct ParameterOf<std::vector<T>> : ParameterOf<T> {
  static constexpr Arity kArity = Arity::kMany;
  static Result<std::vector<T>> parse(std::string_view name,
                                      const std::vector<std::string>& texts) {
    std::vector<T> values;
    for (const std::string& text : texts) {
      Result<T> value = parse_value<T>(name, text);
      if (!value.ok()) return value.error();
      values.push_back(std::move(*value));
    }
    return values;
  }
};

}  // namespace internal

template <typename... Args>
class [[nodiscard("an operation exists once .does(fn) is called")]] OperationBuilder {
 public:
  OperationBuilder(internal::ServiceParts& service, internal::OperationInfo info)
      : service_(service), info_(std::move(info)) {}

  // A parameter: positional as a command, by its name over HTTP. std::optional<T> may be left out;
  // only further optional ones can follow it.
  template <typename T>
  OperationBuilder<Args..., T> arg(std::string name, std::string help) && {
    static_assert(!internal::kIsVector<T>, "for several values use .rest<T>()");
    static_assert(!(internal::kIsVector<Args> || ...),
                  ".rest<T>() takes all that follows: nothing comes after it");
    static_assert(internal::kIsOptional<T> || !(internal::kIsOptional<Args> || ...),
                  "a parameter that must be given cannot follow one that may be left out");
    return with<T>(std::move(name), std::move(help));
  }

  // All remaining words, at least one; over HTTP the name repeated (?url=a&url=b). The function
  // gets a std::vector<T>.
  template <typename T>
  OperationBuilder<Args..., std::vector<T>> rest(std::string name, std::string help) && {
    static_assert(!((internal::kIsVector<Args> || internal::kIsOptional<Args>) || ...),
                  ".rest<T>() is the last parameter, and no optional one stands before it");
    return with<std::vector<T>>(std::move(name), std::move(help));
  }

  // It changes nothing: GET. Without this it is POST.
  OperationBuilder read_only() && {
    info_.read_only = true;
    return std::move(*this);
  }

  template <typename Function>
  void does(Function function) && {
    static_assert(std::is_invocable_v<const Function&, const Args&...>,
                  ".does(fn): fn must take exactly the declared parameters, in their order, each "
                  "as a const reference "
                  "or by value");
    if constexpr (std::is_invocable_v<const Function&, const Args&...>) {
      static_assert(std::is_convertible_v<std::invoke_result_t<const Function&, const Args&...>,
                                          Result<Json>>,
                    ".does(fn): fn must return Result<Json>");
      info_.call = [names = parameter_names(), function = std::move(function)](
                       const internal::ParameterTexts& texts) -> Result<Json> {
        return call(function, names, texts, std::index_sequence_for<Args...>{});
      };
      internal::add_operation(service_, std::move(info_));
    }
  }

 private:
  template <typename T>
  OperationBuilder<Args..., T> with(std::string name, std::string help) {
    using Parameter = internal::ParameterOf<T>;
    info_.parameters.push_back({std::move(name), std::move(help),
                                internal::type_name<typename Parameter::Type>(),
                                Parameter::kArity});
    return {service_, std::move(info_)};
  }

  std::vector<std::string> parameter_names() const {
    std::vector<std::string> names;
    for (const internal::ParameterInfo& parameter : info_.parameters)
      names.push_back(parameter.name);
    return names;
  }

  template <typename Function, std::size_t... kIndex>
  static Result<Json> call(const Function& function,
                           [[maybe_unused]] const std::vector<std::string>& names,
                           [[maybe_unused]] const internal::ParameterTexts& texts,
                           std::index_sequence<kIndex...>) {
    std::tuple<Result<Args>...> values{
        internal::ParameterOf<Args>::parse(names[kIndex], texts[kIndex])...};
    const Error* error = nullptr;
    [[maybe_unused]] const auto note = [&](const auto& value) {
      if (error == nullptr && !value.ok()) error = &value.error();
    };
    (note(std::get<kIndex>(values)), ...);
    if (error != nullptr) return *error;
    return function(std::as_const(*std::get<kIndex>(values))...);
  }

  internal::ServiceParts& service_;
  internal::OperationInfo info_;
};

}  // namespace outrigger
