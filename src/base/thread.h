/* thread.h - which thread is this? Every public function asserts where it runs.
 * Thread: any.  Owner: -.  Calls back: never. */
#ifndef GW_THREAD_H
#define GW_THREAD_H
#include <glib.h>

void gw_thread_claim_control(void);          /* the caller is the control thread from now on */
gboolean gw_thread_is_control(void);         /* TRUE too when no thread has claimed (unit tests) */
#define GW_ON_CONTROL() g_assert(gw_thread_is_control())

#endif
