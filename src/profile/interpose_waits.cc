// Where threads wait for each other, as services see it: outrigger_add_service links with --wrap for
// each of these names, so that the waits of the program and of the libraries in its file pass here,
// std::mutex and its kin with them. A lock that is free costs what trying it costs; the clock is
// read only by those who wait.
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "profile/waits.h"

extern "C" {
int __real_pthread_mutex_lock(pthread_mutex_t*);
int __real_pthread_mutex_timedlock(pthread_mutex_t*, const timespec*);
int __real_pthread_mutex_clocklock(pthread_mutex_t*, clockid_t, const timespec*);
int __real_pthread_rwlock_rdlock(pthread_rwlock_t*);
int __real_pthread_rwlock_wrlock(pthread_rwlock_t*);
int __real_pthread_cond_wait(pthread_cond_t*, pthread_mutex_t*);
int __real_pthread_cond_timedwait(pthread_cond_t*, pthread_mutex_t*, const timespec*);
int __real_pthread_cond_clockwait(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*);
int __real_pthread_join(pthread_t, void**);
}

namespace outrigger::profile {
namespace {

using segment::WaitKind;

// Whoever is cancelled in his wait unwinds through here and is not counted.
template <typename Wait>
[[gnu::noinline]] int timed(WaitKind kind, Wait wait) {
  const int64_t began = wait_begins();
  const int result = wait();
  wait_ends(kind, began);
  return result;
}

}  // namespace

extern "C" {

extern const char outrigger_wait_hooks = 1;

// EBUSY alone says that there is something to wait for; all else is the answer.
int __wrap_pthread_mutex_lock(pthread_mutex_t* mutex) {
  const int tried = pthread_mutex_trylock(mutex);
  if (__builtin_expect(tried != EBUSY, 1)) return tried;
  return timed(WaitKind::kLock, [=] { return __real_pthread_mutex_lock(mutex); });
}

int __wrap_pthread_mutex_timedlock(pthread_mutex_t* mutex, const timespec* until) {
  const int tried = pthread_mutex_trylock(mutex);
  if (__builtin_expect(tried != EBUSY, 1)) return tried;
  return timed(WaitKind::kLock, [=] { return __real_pthread_mutex_timedlock(mutex, until); });
}

int __wrap_pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t clock, const timespec* until) {
  const int tried = pthread_mutex_trylock(mutex);
  if (__builtin_expect(tried != EBUSY, 1)) return tried;
  return timed(WaitKind::kLock,
               [=] { return __real_pthread_mutex_clocklock(mutex, clock, until); });
}

int __wrap_pthread_rwlock_rdlock(pthread_rwlock_t* lock) {
  const int tried = pthread_rwlock_tryrdlock(lock);
  if (__builtin_expect(tried != EBUSY, 1)) return tried;
  return timed(WaitKind::kLock, [=] { return __real_pthread_rwlock_rdlock(lock); });
}

int __wrap_pthread_rwlock_wrlock(pthread_rwlock_t* lock) {
  const int tried = pthread_rwlock_trywrlock(lock);
  if (__builtin_expect(tried != EBUSY, 1)) return tried;
  return timed(WaitKind::kLock, [=] { return __real_pthread_rwlock_wrlock(lock); });
}

int __wrap_pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  return timed(WaitKind::kOther, [=] { return __real_pthread_cond_wait(condition, mutex); });
}

int __wrap_pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                                  const timespec* until) {
  return timed(WaitKind::kOther,
               [=] { return __real_pthread_cond_timedwait(condition, mutex, until); });
}

int __wrap_pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                                  clockid_t clock, const timespec* until) {
  return timed(WaitKind::kOther,
               [=] { return __real_pthread_cond_clockwait(condition, mutex, clock, until); });
}

int __wrap_pthread_join(pthread_t thread, void** result) {
  return timed(WaitKind::kOther, [=] { return __real_pthread_join(thread, result); });
}
}

}  // namespace outrigger::profile
