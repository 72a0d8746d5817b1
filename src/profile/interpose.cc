// pthread_create as services see it: outrigger_add_service links them with --wrap=pthread_create,
// so that every thread of the program and of the libraries in its file passes here.
//
// A room of its own, since whoever links without --wrap (unit tests) lacks the __real_ names.
#include <errno.h>
#include <pthread.h>

#include <new>

#include "profile/alternate_stack.h"
#include "profile/copy.h"
#include "profile/cpu.h"

extern "C" int __real_pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                                     void* (*function)(void*), void* argument);

namespace outrigger::profile {
namespace {

struct Start {
  void* (*function)(void*);
  void* argument;
  size_t stack_usable;
};

// Of the stack that the new thread will have, what is certain: the C library rounds up, and puts
// its own data of the thread at the end.
size_t usable_stack(const pthread_attr_t* given) {
  pthread_attr_t by_default;
  if (given == nullptr && pthread_attr_init(&by_default) != 0) return 0;
  const pthread_attr_t* const attributes = given != nullptr ? given : &by_default;
  size_t stack = 0;
  size_t guard = 0;
  pthread_attr_getstacksize(attributes, &stack);
  pthread_attr_getguardsize(attributes, &guard);
  if (given == nullptr) pthread_attr_destroy(&by_default);
  constexpr size_t kRounding = 64u << 10;  // the largest page there is
  guard = (guard + kRounding - 1) / kRounding * kRounding;
  return stack > guard ? stack - guard : 0;
}

// Also when the thread ends by pthread_exit() or is cancelled: both unwind the stack.
struct Life {
  Life() { thread_begins(); }
  ~Life() { thread_ends(); }
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;
};

}  // namespace

extern "C" {
static void* outrigger_thread_main(void* given) {
  const Start start = *static_cast<Start*>(given);
  delete static_cast<Start*>(given);
  tell_own_stack(start.stack_usable);
  const AlternateStack for_handlers;
  const Life life;
  return start.function(start.argument);
}

int __wrap_pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                          void* (*function)(void*), void* argument) {
  auto* const start = new (std::nothrow) Start{function, argument, usable_stack(attributes)};
  if (start == nullptr) return EAGAIN;
  const int error = __real_pthread_create(thread, attributes, outrigger_thread_main, start);
  if (error != 0) delete start;
  return error;
}
}

}  // namespace outrigger::profile
