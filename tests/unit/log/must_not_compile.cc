// Each CASE_ is compiled alone and has to fail; without any, the file has to compile.
#include <outrigger/log.h>

struct Unknown {};

void calls() {
  using namespace outrigger;
  log::info("right: {} {name} {ms:.1f} {{}}", 1, "x", 2.0);
  log::info(log::Context().with("user", "ada"), "right: {name}", "x");
  log::debug(log::module("db"), "right: {secret:>8}", log::sensitive(1));
#ifdef CASE_too_few_arguments
  log::info("{} {}", 1);
#elif defined(CASE_too_many_arguments)
  log::info("{}", 1, 2);
#elif defined(CASE_unclosed_brace)
  log::info("{", 1);
#elif defined(CASE_lone_closing_brace)
  log::info("} {}", 1);
#elif defined(CASE_numbered_argument)
  log::info("{0}", 1);
#elif defined(CASE_bad_name)
  log::info("{a b}", 1);
#elif defined(CASE_duplicate_name)
  log::info("{a} {a}", 1, 2);
#elif defined(CASE_reserved_name)
  log::info("{level}", 1);
#elif defined(CASE_wrong_type)
  log::info("{:d}", "text");
#elif defined(CASE_wrong_precision)
  log::info("{:.2}", 7);
#elif defined(CASE_dynamic_width)
  log::info("{:{}}", 7);
#elif defined(CASE_unknown_type)
  log::info("{}", Unknown{});
#elif defined(CASE_context_too_few_arguments)
  log::info(log::Context(), "{} {}", 1);
#elif defined(CASE_context_field_is_no_name)
  log::info(log::Context().with("a b", 1), "x");
#elif defined(CASE_context_field_reserved)
  log::info(log::Context().with("trace_id", 1), "x");
#elif defined(CASE_context_unknown_type)
  log::info(log::Context().with("a", Unknown{}), "x");
#endif
}
