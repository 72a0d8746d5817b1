// The program's side of the door (ops.h): part of liboutrigger.a, never of the operations object.
//
// Every reference across is weak, so that a program without the object (a test, a tool) links, and
// gets nullptr.
#include <strings.h>
#include <unistd.h>

#include <algorithm>

#include "ops/ops.h"
#include "outrigger/http.h"
#include "outrigger/log_context.h"

extern "C" {
using Constructor = void (*)(int argc, char** argv, char** envp);

// The linker's own names for the ends of the section that cmake/operations.ld fills.
[[gnu::weak, gnu::visibility("hidden")]] extern const Constructor __start_ops_init[];
[[gnu::weak, gnu::visibility("hidden")]] extern const Constructor __stop_ops_init[];
[[gnu::weak]] const outrigger::ops::Table* outrigger_ops();
}

namespace outrigger::ops {
namespace {

// What the C library hands to the constructors of the program itself.
int g_argc = 0;
char** g_argv = nullptr;

void keep_arguments(int argc, char** argv, char**) {
  g_argc = argc;
  g_argv = argv;
}

// One place ahead of the early role choice (.init_array.00100), which opens the door in the keeper.
[[gnu::used, gnu::section(".init_array.00099")]] Constructor g_keep_arguments = keep_arguments;

const Table* open() {
  if (outrigger_ops == nullptr) return nullptr;
  for (const Constructor* each = __start_ops_init; each < __stop_ops_init; ++each) {
    (*each)(g_argc, g_argv, environ);
  }
  return outrigger_ops();
}

}  // namespace

const Table* table() {
  static const Table* const opened = open();
  return opened;
}

}  // namespace outrigger::ops

namespace outrigger {

Result<Json> Json::parse(std::string_view text) {
  const ops::Table* door = ops::table();
  if (door == nullptr) {
    return failed(
        "Json::parse: this program was linked without the operations object; declare it with "
        "outrigger_add_service");
  }
  return door->parse_json(text);
}

}  // namespace outrigger

namespace outrigger::http {
namespace {

bool has_traceparent(const Request& request) {
  return std::any_of(request.headers.begin(), request.headers.end(), [](const auto& header) {
    return strcasecmp(header.first.c_str(), "traceparent") == 0;
  });
}

}  // namespace

Result<Response> fetch(const Request& request) {
  const ops::Table* door = ops::table();
  if (door == nullptr) {
    return Error{ErrorKind::kFailed,
                 "http::fetch: this program was linked without the operations object; declare it "
                 "with outrigger_add_service",
                 {}};
  }
  const std::string traceparent = log::current().traceparent();
  if (traceparent.empty() || has_traceparent(request)) return door->fetch(request);
  Request traced = request;
  traced.headers.emplace_back("traceparent", traceparent);
  return door->fetch(traced);
}

}  // namespace outrigger::http
