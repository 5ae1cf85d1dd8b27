/* jitter_store.h - the packets that wait in a jitter buffer, by extended sequence number. Fixed
 * memory, no allocation.
 * Thread: one.  Owner: caller; gw_store_init first.  Calls back: never. */
#ifndef GW_JITTER_STORE_H
#define GW_JITTER_STORE_H
#include <glib.h>
#include "base/limits.h"
#include "gateway/media/jitter.h"

#define GW_CHUNK 256 /* bytes; a packet takes as many as it needs */
#define GW_N_CHUNKS 64
typedef struct {
  gboolean used, fresh; /* fresh: first packet of another sender */
  gint64 seq, ts;       /* extended; ts in samples at GW_RATE */
  guint len, samples;   /* len 0: no sound */
  guint8 chunk[(GW_MAX_DATAGRAM + GW_CHUNK - 1) / GW_CHUNK];
} gw_slot;
typedef struct {
  gw_slot slots[GW_JITTER_MAX];
  guint8 chunks[GW_N_CHUNKS][GW_CHUNK];
  guint8 free_chunks[GW_N_CHUNKS];
  guint n_free, n_used;
} gw_store;
void gw_store_init(gw_store *);
/* The caller keeps all stored numbers within GW_JITTER_MAX of each other. FALSE: no room. */
gboolean gw_store_put(gw_store *, const gw_slot *like, const guint8 *payload);
/* The first packet at or behind seq, below end; NULL: none. */
gw_slot *gw_store_first(gw_store *, gint64 seq, gint64 end);
void gw_store_copy(const gw_store *, const gw_slot *, guint8 out[GW_MAX_DATAGRAM]);
void gw_store_drop(gw_store *, gw_slot *);

#endif
