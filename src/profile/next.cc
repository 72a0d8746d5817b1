// In a dynamic file the hooks stand in the C library's place by their names, for the program and all
// shared libraries: the linker makes NAME an alias of __wrap_NAME, and __real_NAME one of
// outrigger_next_NAME (cmake/OutriggerAddService.cmake). That is the function of this name which comes
// next in the order of loading: the C library's, or one of an allocator that is laid over it.
//
// Each is looked for when it is first called, which may be before any constructor has run.
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>

#include <atomic>

namespace outrigger::profile {
namespace {

template <typename Function>
Function* find(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

#define OUTRIGGER_NEXT(result, name, parameters, arguments)                    \
  static result first_##name parameters;                                       \
  static constinit std::atomic<result(*) parameters> g_##name{first_##name};   \
  static result first_##name parameters {                                      \
    g_##name.store(find<result parameters>(#name), std::memory_order_relaxed); \
    return g_##name.load(std::memory_order_relaxed) arguments;                 \
  }                                                                            \
  extern "C" result outrigger_next_##name parameters {                         \
    return g_##name.load(std::memory_order_relaxed) arguments;                 \
  }

OUTRIGGER_NEXT(void*, malloc, (size_t bytes), (bytes))
OUTRIGGER_NEXT(void*, calloc, (size_t count, size_t bytes), (count, bytes))
OUTRIGGER_NEXT(void*, realloc, (void* block, size_t bytes), (block, bytes))
OUTRIGGER_NEXT(void, free, (void* block), (block))
OUTRIGGER_NEXT(void*, memalign, (size_t alignment, size_t bytes), (alignment, bytes))
OUTRIGGER_NEXT(void*, aligned_alloc, (size_t alignment, size_t bytes), (alignment, bytes))
OUTRIGGER_NEXT(int, posix_memalign, (void** block, size_t alignment, size_t bytes),
               (block, alignment, bytes))
OUTRIGGER_NEXT(void*, valloc, (size_t bytes), (bytes))
OUTRIGGER_NEXT(void*, pvalloc, (size_t bytes), (bytes))
OUTRIGGER_NEXT(size_t, malloc_usable_size, (void* block), (block))

OUTRIGGER_NEXT(int, pthread_create,
               (pthread_t * thread, const pthread_attr_t* attributes, void* (*function)(void*),
                void* argument),
               (thread, attributes, function, argument))
OUTRIGGER_NEXT(int, pthread_mutex_lock, (pthread_mutex_t * mutex), (mutex))
OUTRIGGER_NEXT(int, pthread_mutex_timedlock, (pthread_mutex_t * mutex, const timespec* until),
               (mutex, until))
OUTRIGGER_NEXT(int, pthread_mutex_clocklock,
               (pthread_mutex_t * mutex, clockid_t clock, const timespec* until),
               (mutex, clock, until))
OUTRIGGER_NEXT(int, pthread_rwlock_rdlock, (pthread_rwlock_t * lock), (lock))
OUTRIGGER_NEXT(int, pthread_rwlock_wrlock, (pthread_rwlock_t * lock), (lock))
OUTRIGGER_NEXT(int, pthread_cond_wait, (pthread_cond_t * condition, pthread_mutex_t* mutex),
               (condition, mutex))
OUTRIGGER_NEXT(int, pthread_cond_timedwait,
               (pthread_cond_t * condition, pthread_mutex_t* mutex, const timespec* until),
               (condition, mutex, until))
OUTRIGGER_NEXT(int, pthread_cond_clockwait,
               (pthread_cond_t * condition, pthread_mutex_t* mutex, clockid_t clock,
                const timespec* until),
               (condition, mutex, clock, until))
OUTRIGGER_NEXT(int, pthread_join, (pthread_t thread, void** value), (thread, value))

}  // namespace outrigger::profile
