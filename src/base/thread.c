#include "base/thread.h"
#include <pthread.h>
#include <stdatomic.h>

static atomic_bool claimed;
static pthread_t control;

void gw_thread_claim_control(void) {
  control = pthread_self();
  atomic_store(&claimed, TRUE);
}

gboolean gw_thread_is_control(void) {
  return !atomic_load(&claimed) || pthread_equal(control, pthread_self());
}
