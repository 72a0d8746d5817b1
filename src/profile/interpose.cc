// pthread_create as services see it: outrigger_add_service links them with --wrap=pthread_create,
// so that every thread of the program and of the libraries in its file passes here.
//
// A room of its own, since whoever links without --wrap (unit tests) lacks the __real_ names.
#include <errno.h>
#include <pthread.h>

#include <new>

#include "profile/cpu.h"

extern "C" int __real_pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                                     void* (*function)(void*), void* argument);

namespace outrigger::profile {
namespace {

struct Start {
  void* (*function)(void*);
  void* argument;
};

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
  const Life life;
  return start.function(start.argument);
}

int __wrap_pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                          void* (*function)(void*), void* argument) {
  auto* const start = new (std::nothrow) Start{function, argument};
  if (start == nullptr) return EAGAIN;
  const int error = __real_pthread_create(thread, attributes, outrigger_thread_main, start);
  if (error != 0) delete start;
  return error;
}
}

}  // namespace outrigger::profile
