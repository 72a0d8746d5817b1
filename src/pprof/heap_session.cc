#include "pprof/heap_session.h"

#include "base/clock.h"

namespace outrigger::pprof {

HeapSession::HeapSession(const Heap& heap, const Ask& ask)
    : heap_(heap),
      ask_(ask),
      began_ns_(base::monotonic_ns()),
      before_(ask.seconds > 0 ? heap.totals() : std::vector<Values>()) {}

std::optional<Result<std::string>> HeapSession::turn(Unwinder* unwinder) {
  if (!heap_.hooked() || heap_.has_no_range()) {
    return Error{ErrorKind::kUnavailable,
                 heap_.has_no_range()
                     ? "allocations are not sampled: there is no address space for sampled blocks "
                       "(64 GiB, see ulimit -v)"
                     : "allocations are not sampled: the program is linked dynamically or without "
                       "the hooks of malloc, or it is not at run() yet",
                 {}};
  }
  if (unwinder == nullptr) return failed("the service's process cannot be read");
  if (base::monotonic_ns() - began_ns_ < ask_.seconds * base::kNsPerSecond) return {};
  std::string out = encode_now(*unwinder);
  if (out.empty()) return failed("no memory for the profile");
  return out;
}

std::string HeapSession::encode_now(Unwinder& unwinder) const {
  ProfileHead head;
  head.values = {{"alloc_objects", "count"},
                 {"alloc_space", "bytes"},
                 {"inuse_objects", "count"},
                 {"inuse_space", "bytes"}};
  head.period_type = {"space", "bytes"};
  head.period = static_cast<int64_t>(heap_.interval());
  head.time_ns = base::real_ns();
  head.duration_ns = ask_.seconds * base::kNsPerSecond;
  head.default_type = ask_.kind == Kind::kAllocs ? "alloc_space" : "inuse_space";
  head.from_allocator = true;
  head.comments.push_back("one allocation in " + std::to_string(heap_.interval()) +
                          " bytes is sampled, in the mean; " + std::to_string(heap_.samples()) +
                          " so far");
  if (heap_.delayed() != 0)
    head.comments.push_back(std::to_string(heap_.delayed()) +
                            " times a sample had to wait; the next one stands for it");
  if (heap_.refused() != 0)
    head.comments.push_back(std::to_string(heap_.refused()) + " samples left out: too many stacks");
  const Stacks stacks = heap_.difference(before_, heap_.totals());
  return ask_.form == Form::kText ? as_text(head, stacks, unwinder)
                                  : encode(head, stacks, unwinder);
}

}  // namespace outrigger::pprof
