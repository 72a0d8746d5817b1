#include "delivery/stack_update.h"

#include <poll.h>

#include <algorithm>
#include <set>

#include "aws/cloudformation.h"

namespace outrigger::delivery {
namespace {

namespace cloudformation = aws::cloudformation;

// DescribeStackEvents has a quota for the account.
constexpr int kPollMs = 3'000;
// Behind the group's own time-out (15 min for each batch), CloudFormation gives up itself.
constexpr std::chrono::hours kPatience{3};

bool ends_so(const std::string& status, std::string_view end) { return status.ends_with(end); }

class Following {
 public:
  Following(aws::Client& client, const std::string& stack, const Report& report)
      : client_(client), stack_(stack), report_(report) {}

  // What has happened before is not told.
  void begin() {
    if (const auto events = cloudformation::stack_events(client_, stack_, nullptr); events) {
      for (const auto& each : *events) seen_.insert(each.id);
    }
  }

  Result<std::string> follow() {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
      tell();
      const auto now = cloudformation::describe_stack(client_, stack_, nullptr);
      if (now && !ends_so(now->status, "_IN_PROGRESS")) {
        tell();
        if (now->status == "UPDATE_COMPLETE") return now->status;
        return failed("stack " + stack_ + " is " + now->status + ": " +
                      (!first_failure_.empty() ? first_failure_
                       : now->reason.empty()   ? "it says no more"
                                               : now->reason));
      }
      if (!now && !now.failure().may_pass())
        return failed("stack " + stack_ + ": " + now.failure().message);
      if (std::chrono::steady_clock::now() >= deadline)
        return failed("stack " + stack_ + " is still under way after three hours");
      poll(nullptr, 0, kPollMs);
    }
  }

 private:
  void tell() {
    const auto events = cloudformation::stack_events(client_, stack_, nullptr);
    if (!events) return;
    for (auto each = events->rbegin(); each != events->rend(); ++each) {
      if (!seen_.insert(each->id).second) continue;
      const std::string what =
          each->resource + ": " + each->status + (each->reason.empty() ? "" : ": " + each->reason);
      if (ends_so(each->status, "_FAILED") && first_failure_.empty()) first_failure_ = what;
      report_.step("stack", what);
    }
  }

  aws::Client& client_;
  const std::string& stack_;
  const Report& report_;
  std::set<std::string> seen_;
  std::string first_failure_;
};

}  // namespace

Result<std::string> update_stack(aws::Client& client, const std::string& stack,
                                 const std::string& version, const std::string& sha256,
                                 const Report& report) {
  const auto is = cloudformation::describe_stack(client, stack, nullptr);
  if (!is) return failed("stack " + stack + ": " + is.failure().message);
  for (const char* name : {"ServiceVersion", "FileSha256"}) {
    if (std::find(is->parameters.begin(), is->parameters.end(), name) == is->parameters.end())
      return failed("stack " + stack + " has no parameter " + name +
                    ": it was not made from this service's template");
  }
  Following following(client, stack, report);
  following.begin();
  const auto begun = cloudformation::update_stack(
      client, stack, *is, {{"ServiceVersion", version}, {"FileSha256", sha256}}, nullptr);
  if (!begun) return failed("stack " + stack + ": " + begun.failure().message);
  if (!*begun) return std::string("had this version already");
  return following.follow();
}

}  // namespace outrigger::delivery
