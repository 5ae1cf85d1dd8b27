/* worker.h - one media thread: its rooms, its sockets, its 20 ms tick. It sleeps until a command
 * comes or the tick is due; without rooms there is no tick and it never wakes. Thread: control;
 * what it runs is on its own thread.  Owner: maker frees.  Calls back: events go to the engine's
 * queue. */
#ifndef GW_WORKER_H
#define GW_WORKER_H
#include "gateway/media/door.h"
#include "gateway/media/env.h"

typedef struct gw_worker gw_worker;
gw_worker *gw_worker_new(const gw_engine *, guint index, GError **);
void gw_worker_free(gw_worker *); /* closes all that it has, ends and joins the thread */
/* Takes the command. FALSE: full, and it is freed. */
gboolean gw_worker_tell(gw_worker *, gw_cmd *taken);
void gw_worker_tell_always(gw_worker *, gw_cmd *taken); /* for closing */

#endif
