#include "pprof/book_session.h"

#include "base/clock.h"

namespace outrigger::pprof {

BookSession::BookSession(const Book& book, const Ask& ask)
    : book_(book),
      ask_(ask),
      began_ns_(base::monotonic_ns()),
      before_(ask.seconds > 0 ? book.totals() : std::vector<Values>()) {}

std::optional<Result<std::string>> BookSession::turn(Unwinder* unwinder) {
  if (auto missing = book_.missing()) return std::move(*missing);
  if (unwinder == nullptr) return failed("the service's process cannot be read");
  if (base::monotonic_ns() - began_ns_ < ask_.seconds * base::kNsPerSecond) return {};
  std::string out = encode_now(*unwinder);
  if (out.empty()) return failed("no memory for the profile");
  return out;
}

std::string BookSession::encode_now(Unwinder& unwinder) const {
  ProfileHead head = book_.head(ask_.kind);
  head.time_ns = base::real_ns();
  head.duration_ns = ask_.seconds * base::kNsPerSecond;
  const Stacks stacks = book_.difference(ask_.kind, before_, book_.totals());
  switch (ask_.form) {
    case Form::kText: return as_text(head, stacks, unwinder);
    case Form::kTop: return as_top(head, stacks, unwinder);
    case Form::kProto: break;
  }
  return encode(head, stacks, unwinder);
}

}  // namespace outrigger::pprof
