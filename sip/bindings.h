/* bindings.h - which phone can be reached where: the table behind the registrar (RFC 3261 10.3). Time is a parameter.
 * Thread: the one that owns the object.  Owner: caller frees.  Calls back: never. */
#ifndef GW_BINDINGS_H
#define GW_BINDINGS_H
#include <glib.h>

typedef struct gw_bindings gw_bindings;

typedef struct {
  char *number;      /* whose */
  char *contact;     /* URI as registered */
  char *instance;    /* +sip.instance (RFC 5626), "" when absent */
  char *source;      /* "udp:192.0.2.7:49152": requests go there */
  char *user_agent;
  char *call_id;     /* of the REGISTER; orders it together with cseq */
  guint32 cseq;
  guint listener;    /* which of our sockets it came to; G_MAXUINT: any that fits */
  gint64 expires_us; /* wall clock; 0 in a call to put: remove */
} gw_bound;

typedef enum {
  GW_BOUND_ADDED,
  GW_BOUND_REFRESHED,
  GW_BOUND_GONE,
  GW_BOUND_UNKNOWN,  /* asked to remove what is not there: no harm */
  GW_BOUND_OLD,      /* a REGISTER overtaken by a later one of the same Call-ID: refused */
  GW_BOUND_FULL      /* GW_MAX_BINDINGS contacts already */
} gw_bound_change;

gw_bindings *gw_bindings_new(void);
void gw_bindings_free(gw_bindings *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_bindings, gw_bindings_free)

/* Adds, refreshes or (expires 0) removes; copies. The same phone is known again by its contact or its instance. */
gw_bound_change gw_bindings_put(gw_bindings *, const gw_bound *);
/* Live ones of a number, oldest first; valid until the next change. */
guint gw_bindings_get(const gw_bindings *, const char *number, gint64 now_us, const gw_bound **ret, guint max);
/* Each one, in no order; fn must not change the table. */
void gw_bindings_foreach(const gw_bindings *, void (*fn)(const gw_bound *, void *), void *data);
guint gw_bindings_count(const gw_bindings *); /* all that are in the table */
/* Takes out one that has expired; NULL when none has. gw_bound_free it. */
gw_bound *gw_bindings_take_expired(gw_bindings *, gint64 now_us);
gw_bound *gw_bindings_take(gw_bindings *, const char *number); /* any one of this number, or NULL */
gint64 gw_bindings_next_us(const gw_bindings *);               /* earliest expiry, GW_NEVER when empty */
void gw_bound_free(gw_bound *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_bound, gw_bound_free)

#endif
