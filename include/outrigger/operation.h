// Operations: what a service does for its callers. One declaration is an HTTP endpoint and a
// command, `hello greet Ada` and `GET :8080/greet?name=Ada`:
//
//     hello.operation("greet", "Greets one person.")
//         .arg<std::string>("name", "whom to greet", {.length_min = 1})
//         .arg<int>("times", "how often", 1)
//         .read_only()                                      // GET; otherwise POST
//         .does([](const std::string& name, int times) -> Result<Json> {
//           return Json{{"greeting", "Hi, " + name}, {"times", times}};
//         });
//
// Parameters are positional on the command line, or --name VALUE; over HTTP they come by name in
// the query, or as members of a JSON body. The function is called with them in the order of their
// declaration, from any of the server's threads and several at a time; it may take a `const Call&`
// in front of them (call.h). What it throws is caught, logged, and answered as a failure.
// docs/reference/operations.md has the same from outside.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "outrigger/call.h"
#include "outrigger/internal/parameter.h"
#include "outrigger/json.h"
#include "outrigger/result.h"

namespace outrigger {
namespace internal {

struct ServiceParts;
struct OperationMeters;

enum class Answers { kOnce, kInLines };

struct OperationInfo {
  std::string name;
  std::string about;
  std::vector<ParameterInfo> parameters;
  bool read_only = false;
  bool cli_only = false;
  bool restricted = false;
  bool live = false;
  Answers answers = Answers::kOnce;
  std::chrono::nanoseconds within{0};  // 0: no limit
  // For kInLines the result is null, and `lines` were written.
  std::function<Result<Json>(const Call&, Lines& lines, const ParameterTexts&)> call;
  std::shared_ptr<const OperationMeters> meters{};  // where it is served
};

void add_operation(ServiceParts& parts, OperationInfo operation);

// The function with what it wants of call and lines in front of the parameters.
template <typename Function, typename... Args>
inline constexpr bool kDoes = std::is_invocable_v<const Function&, const Args&...> ||
                              std::is_invocable_v<const Function&, const Call&, const Args&...>;
template <typename Function, typename... Args>
inline constexpr bool kStreams =
    std::is_invocable_v<const Function&, Lines&, const Args&...> ||
    std::is_invocable_v<const Function&, const Call&, Lines&, const Args&...>;

}  // namespace internal

template <typename... Args>
class [[nodiscard(
    "an operation exists once .does(fn) or .streams(fn) is called")]] OperationBuilder {
 public:
  using Options = std::tuple<internal::OptionsOf<Args>...>;

  OperationBuilder(internal::ServiceParts& service, internal::OperationInfo info, Options options)
      : service_(service), info_(std::move(info)), options_(std::move(options)) {}

  // A parameter. T is a bool, a number, a std::string, a chrono duration, or std::optional of these,
  // which may be left out. After one that may be left out (that has a default, too), all may.
  template <typename T>
  OperationBuilder<Args..., T> arg(std::string name, std::string help,
                                   ArgOptions<internal::PlainOf<T>> options = {}) && {
    static_assert(!internal::kIsVector<T>, "for several values use .rest<T>()");
    static_assert(!(internal::kIsVector<Args> || ...),
                  ".rest<T>() takes all that follows: nothing comes after it");
    return with<T>(std::move(name), std::move(help), {std::move(options), 1});
  }
  // The same with a default alone: .arg<int>("times", "how often", 1).
  template <typename T, typename Default>
    requires(!internal::kIsOptional<T> && std::is_convertible_v<Default, T> &&
             !(std::is_floating_point_v<Default> && std::is_integral_v<T>))
  OperationBuilder<Args..., T> arg(std::string name, std::string help, Default otherwise) && {
    static_assert(!internal::kIsVector<T>, "for several values use .rest<T>()");
    static_assert(!(internal::kIsVector<Args> || ...),
                  ".rest<T>() takes all that follows: nothing comes after it");
    ArgOptions<T> options;
    options.otherwise = std::move(otherwise);
    return with<T>(std::move(name), std::move(help), {std::move(options), 1});
  }

  // All remaining words, `at_least` so many; over HTTP the name repeated (?url=a&url=b), or an
  // array in the body. The function gets a std::vector<T>.
  template <typename T>
  OperationBuilder<Args..., std::vector<T>> rest(std::string name, std::string help,
                                                 std::size_t at_least = 1,
                                                 ArgOptions<T> each = {}) && {
    static_assert(!((internal::kIsVector<Args> || internal::kIsOptional<Args>) || ...),
                  ".rest<T>() is the last parameter, and no optional one stands before it");
    return with<std::vector<T>>(std::move(name), std::move(help), {std::move(each), at_least});
  }

  // It changes nothing: GET. Without this it is POST.
  OperationBuilder read_only() && {
    info_.read_only = true;
    return std::move(*this);
  }
  // A command alone: there is no HTTP endpoint.
  OperationBuilder cli_only() && {
    info_.cli_only = true;
    return std::move(*this);
  }
  // Not for everyone who reaches the port: private, in the words of the admin port. Locally, every
  // caller but a web page of another site; elsewhere the same user or root on this machine, through
  // the service's Unix socket, which is where .live() commands come in.
  OperationBuilder restricted() && {
    info_.restricted = true;
    return std::move(*this);
  }
  // The command asks the running service of this user on this machine, instead of running here: for
  // what is about the state of that process.
  OperationBuilder live() && {
    info_.live = true;
    return std::move(*this);
  }
  // The call is cancelled after that long (Call::cancelled()). A client can ask for less with
  // `Prefer: wait=SECONDS` (RFC 7240), a command with --within.
  OperationBuilder within(std::chrono::nanoseconds limit) && {
    info_.within = limit;
    return std::move(*this);
  }

  // The function: Result<Json>(parameters...), or (const Call&, parameters...).
  template <typename Function>
  void does(Function function) && {
    static_assert(internal::kDoes<Function, Args...>,
                  ".does(fn): fn must take exactly the declared parameters, in their order, each "
                  "as a const reference or by value; a const Call& may stand before them");
    if constexpr (internal::kDoes<Function, Args...>) {
      add([function = std::move(function)](const Call& call, Lines&,
                                           const Args&... args) -> Result<Json> {
        if constexpr (std::is_invocable_v<const Function&, const Call&, const Args&...>) {
          static_assert(kGives<Result<Json>, const Function&, const Call&, const Args&...>,
                        ".does(fn): fn must return Result<Json>");
          return function(call, args...);
        } else {
          static_assert(kGives<Result<Json>, const Function&, const Args&...>,
                        ".does(fn): fn must return Result<Json>");
          return function(args...);
        }
      });
    }
  }

  // The result comes in lines, as they are written: NDJSON over HTTP, lines on stdout. The function:
  // Result<void>(Lines&, parameters...), or (const Call&, Lines&, parameters...). An error before
  // the first line is an answer like any other; after it, over HTTP, the last line is
  // {"problem": ...} and the answer is cut off, so that no client takes it for whole. Each one under
  // way has a thread of its own; there are at most 64.
  template <typename Function>
  void streams(Function function) && {
    static_assert(
        internal::kStreams<Function, Args...>,
        ".streams(fn): fn must take a Lines& and then exactly the declared parameters, in "
        "their order; a const Call& may stand before them");
    if constexpr (internal::kStreams<Function, Args...>) {
      info_.answers = internal::Answers::kInLines;
      add([function = std::move(function)](const Call& call, Lines& lines,
                                           const Args&... args) -> Result<Json> {
        const auto run = [&]() -> Result<void> {
          if constexpr (std::is_invocable_v<const Function&, const Call&, Lines&, const Args&...>) {
            static_assert(
                kGives<Result<void>, const Function&, const Call&, Lines&, const Args&...>,
                ".streams(fn): fn must return Result<void>");
            return function(call, lines, args...);
          } else {
            static_assert(kGives<Result<void>, const Function&, Lines&, const Args&...>,
                          ".streams(fn): fn must return Result<void>");
            return function(lines, args...);
          }
        };
        const Result<void> done = run();
        if (!done.ok()) return done.error();
        return Json();
      });
    }
  }

 private:
  template <typename Wanted, typename Function, typename... Given>
  static constexpr bool kGives =
      std::is_convertible_v<std::invoke_result_t<Function, Given...>, Wanted>;

  template <typename T>
  OperationBuilder<Args..., T> with(std::string name, std::string help,
                                    internal::OptionsOf<T> options) {
    static_assert(
        internal::kIsOptional<T> || internal::kIsVector<T> || !(internal::kIsOptional<Args> || ...),
        "a parameter that must be given cannot follow one that may be left out");
    info_.parameters.push_back(
        internal::describe_parameter<T>(std::move(name), std::move(help), options));
    return {service_, std::move(info_),
            std::tuple_cat(std::move(options_), std::make_tuple(std::move(options)))};
  }

  template <typename Function>
  void add(Function function) {
    std::vector<std::string> names;
    for (const internal::ParameterInfo& parameter : info_.parameters)
      names.push_back(parameter.name);
    info_.call = [function = std::move(function), options = std::move(options_),
                  names = std::move(names)](const Call& call, Lines& lines,
                                            const internal::ParameterTexts& texts) {
      return convert_and_call(function, options, names, call, lines, texts,
                              std::index_sequence_for<Args...>{});
    };
    internal::add_operation(service_, std::move(info_));
  }

  template <typename Function, std::size_t... kIndex>
  static Result<Json> convert_and_call(const Function& function,
                                       [[maybe_unused]] const Options& options,
                                       [[maybe_unused]] const std::vector<std::string>& names,
                                       const Call& call, Lines& lines,
                                       [[maybe_unused]] const internal::ParameterTexts& texts,
                                       std::index_sequence<kIndex...>) {
    [[maybe_unused]] std::tuple<Result<Args>...> values{
        internal::read_parameter<Args>(names[kIndex], texts[kIndex], std::get<kIndex>(options))...};
    const Error* error = nullptr;
    [[maybe_unused]] const auto note = [&](const auto& value) {
      if (error == nullptr && !value.ok()) error = &value.error();
    };
    (note(std::get<kIndex>(values)), ...);
    if (error != nullptr) return *error;
    return function(call, lines, std::as_const(*std::get<kIndex>(values))...);
  }

  internal::ServiceParts& service_;
  internal::OperationInfo info_;
  Options options_;
};

}  // namespace outrigger
