#include "service/operation_command.h"

#include <stdlib.h>
#include <unistd.h>

#include <optional>

#include "ops/ops.h"
#include "service/call.h"
#include "service/declarations.h"
#include "service/interrupts.h"
#include "service/options.h"
#include "service/private_keeper.h"
#include "service/readable.h"
#include "service/say.h"
#include "service/settled.h"

namespace outrigger::service {
namespace {

using internal::Answers;
using internal::OperationInfo;
using internal::ParameterTexts;

// Long enough for whatever a person waits for.
constexpr std::chrono::milliseconds kForever = std::chrono::hours(24 * 30);

enum class Shown { kJson, kReadable };

// One value of the result, on stdout. Returns the exit status.
int show(const std::string& program, const Json& value, Shown shown) {
  return print(program, shown == Shown::kJson ? value.dump() + "\n" : readable(value));
}
// A line of many: short, whatever it is.
int show_line(const std::string& program, const Json& line, Shown shown) {
  const bool is_text = line.as_string() != nullptr;
  return show(program, line, is_text ? shown : Shown::kJson);
}

class CommandCaller final : public internal::Caller {
 public:
  CommandCaller(const std::string& program, Shown shown, Deadline deadline)
      : program_(program), shown_(shown), deadline_(deadline), interrupts_(deadline) {}

  std::stop_token token() const override { return interrupts_.token(); }
  Deadline deadline() const override { return deadline_; }
  std::string_view header(std::string_view) const override { return {}; }
  bool write(const Json& line) override { return show_line(program_, line, shown_) == kExitFine; }
  int signal_that_came() const { return interrupts_.signal_that_came(); }

 private:
  const std::string& program_;
  const Shown shown_;
  const Deadline deadline_;
  Interrupts interrupts_;
};

std::string encoded(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += {'%', kHex[(c >> 4) & 0xf], kHex[c & 0xf]};
    }
  }
  return out;
}

std::string target_of(const OperationInfo& operation, const ParameterTexts& texts) {
  std::string target = "/" + operation.name;
  char separator = '?';
  for (size_t i = 0; i < texts.size(); ++i) {
    for (const std::string& text : texts[i]) {
      target += separator + encoded(operation.parameters[i].name) + "=" + encoded(text);
      separator = '&';
    }
  }
  return target;
}

// What a problem document says, or `otherwise`.
std::string detail_of(const Json& problem, std::string otherwise) {
  const Json* detail = problem.find("detail");
  const bool is_text = detail != nullptr && detail->as_string() != nullptr;
  return is_text ? *detail->as_string() : otherwise;
}

// The answer of a running service, shown as if it were our own.
class LiveResult {
 public:
  LiveResult(const std::string& program, const OperationInfo& operation, Shown shown)
      : program_(program), in_lines_(operation.answers == Answers::kInLines), shown_(shown) {}

  // The body as it comes. False when it cannot be shown.
  bool take(std::string_view piece) {
    waiting_ += piece;
    if (!in_lines_) return true;
    size_t begin = 0;
    for (size_t end; (end = waiting_.find('\n', begin)) != std::string::npos; begin = end + 1) {
      if (!take_line(std::string_view(waiting_).substr(begin, end - begin))) return false;
    }
    waiting_.erase(0, begin);
    return true;
  }

  int finish(const Result<http::Response>& answer) {
    if (!problem_.empty()) return refuse(problem_);
    if (!answer.ok()) return refuse(answer.error().message);
    if (answer->status != 200) {
      const Result<Json> problem = Json::parse(answer->body);
      return refuse(
          detail_of(problem.ok() ? *problem : Json(),
                    "the service answered with HTTP status " + std::to_string(answer->status)));
    }
    if (in_lines_) return status_;
    const Result<Json> value = Json::parse(waiting_);
    return value.ok() ? show(program_, *value, shown_) : refuse(value.error().message);
  }

 private:
  int refuse(const std::string& sentence) const {
    say_error(program_, sentence);
    return kExitFailed;
  }
  bool take_line(std::string_view line) {
    const Result<Json> value = Json::parse(line);
    if (!value.ok()) {
      problem_ = value.error().message;
      return false;
    }
    if (const Json* problem = value->find("problem"); problem != nullptr && value->size() == 1) {
      problem_ = detail_of(*problem, "it failed");
      return true;
    }
    status_ = show_line(program_, *value, shown_);
    return status_ == kExitFine;
  }

  const std::string& program_;
  const bool in_lines_;
  const Shown shown_;
  std::string waiting_;
  std::string problem_;
  int status_ = kExitFine;
};

class OperationCommand {
 public:
  OperationCommand(const internal::ServiceParts& parts, const OperationInfo& operation)
      : parts_(parts), name_(parts.options.name), operation_(operation) {
    call_.json = isatty(STDOUT_FILENO) != 1;
  }

  int run(std::vector<std::string> words) {
    std::vector<OptionSpec> specs = own_specs(parts_);
    for (OptionSpec& spec : common_specs(options_)) specs.push_back(std::move(spec));
    for (OptionSpec& spec : call_specs(operation_, call_)) specs.push_back(std::move(spec));
    const auto variable = [](const char* name) -> const char* { return getenv(name); };
    const Result<std::vector<std::string>> plain =
        read_options(specs, std::move(words), variable, Words::kAccepted);
    if (!plain.ok()) return refuse(plain.error().message, kExitUsage);
    shown_ = call_.json ? Shown::kJson : Shown::kReadable;
    if (operation_.within.count() > 0 &&
        (call_.within.count() == 0 || call_.within > operation_.within))
      call_.within = operation_.within;
    const Result<ParameterTexts> texts = by_position(operation_, *plain, call_.named);
    if (!texts.ok()) return refuse(texts.error().message, kExitFailed);
    return operation_.live ? ask(*texts) : call_here(*texts);
  }

 private:
  int refuse(const std::string& sentence, int status) const {
    say_error(name_, sentence);
    return status;
  }

  int ask(const ParameterTexts& texts) const {
    const ops::Table* door = ops::table();
    if (door == nullptr) {
      return refuse(operation_.name +
                        " asks the running service, which needs the operations object; declare "
                        "this program with outrigger_add_service",
                    kExitFailed);
    }
    LiveResult result(name_, operation_, shown_);
    ops::Question question;
    question.service = name_;
    question.instance = call_.instance;
    question.method = operation_.read_only ? "GET" : "POST";
    question.target = target_of(operation_, texts);
    question.timeout = call_.within.count() > 0
                           ? std::chrono::ceil<std::chrono::milliseconds>(call_.within)
                           : kForever;
    question.on_body = [&](std::string_view piece) { return result.take(piece); };
    return result.finish(door->ask(question));
  }

  int call_here(const ParameterTexts& texts) const {
    const auto [environment, settings, answer] = settle(parts_, options_);
    if (const std::string fault = settings_at_fault(settings, environment); !fault.empty())
      return refuse(fault, kExitFailed);
    const Deadline deadline = call_.within.count() > 0
                                  ? std::chrono::steady_clock::now() + call_.within
                                  : Deadline::max();
    CommandCaller caller(name_, shown_, deadline);
    const Result<Json> result = [&] {
      const PrivateKeeper keeper({parts_, options_, environment, settings, Manner::kCommand});
      return call(operation_, caller, texts);
    }();  // what it logged is out: the result stands below
    int status = kExitFine;
    if (!result.ok()) {
      status = refuse(result.error().message, kExitFailed);
    } else if (operation_.answers == Answers::kOnce) {
      status = show(name_, *result, shown_);
    }
    return caller.signal_that_came() != 0 ? 128 + caller.signal_that_came() : status;
  }

  const internal::ServiceParts& parts_;
  const std::string& name_;
  const OperationInfo& operation_;
  RunOptions options_;
  CallOptions call_;
  Shown shown_ = Shown::kJson;
};

}  // namespace

int operation_command(const internal::ServiceParts& parts, const OperationInfo& operation,
                      std::vector<std::string> words) {
  return OperationCommand(parts, operation).run(std::move(words));
}

}  // namespace outrigger::service
