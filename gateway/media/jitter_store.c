#include "gateway/media/jitter_store.h"

#include <string.h>

G_STATIC_ASSERT((GW_JITTER_MAX & (GW_JITTER_MAX - 1)) == 0);

void gw_store_init(gw_store *s) {
  for (guint i = 0; i < GW_JITTER_MAX; i++)
    s->slots[i].used = FALSE;
  for (guint i = 0; i < GW_N_CHUNKS; i++)
    s->free_chunks[i] = (guint8)i;
  s->n_free = GW_N_CHUNKS;
  s->n_used = 0;
}

static guint n_chunks(guint len) {
  return (len + GW_CHUNK - 1) / GW_CHUNK;
}

static gw_slot *slot_of(gw_store *s, gint64 seq) {
  return &s->slots[seq & (GW_JITTER_MAX - 1)];
}

gboolean gw_store_put(gw_store *s, const gw_slot *like, const guint8 *payload) {
  gw_slot *slot = slot_of(s, like->seq);
  guint n = n_chunks(like->len);
  if (slot->used || n > G_N_ELEMENTS(slot->chunk) || n > s->n_free) return FALSE;
  *slot = *like;
  slot->used = TRUE;
  for (guint i = 0; i < n; i++) {
    slot->chunk[i] = s->free_chunks[--s->n_free];
    guint at = i * GW_CHUNK;
    memcpy(s->chunks[slot->chunk[i]], payload + at, MIN(GW_CHUNK, like->len - at));
  }
  s->n_used++;
  return TRUE;
}

gw_slot *gw_store_first(gw_store *s, gint64 seq, gint64 end) {
  if (!s->n_used) return NULL;
  for (guint i = 0; i < GW_JITTER_MAX && seq < end; i++, seq++) {
    gw_slot *slot = slot_of(s, seq);
    if (slot->used && slot->seq == seq) return slot;
  }
  return NULL;
}

void gw_store_copy(const gw_store *s, const gw_slot *slot, guint8 out[GW_MAX_DATAGRAM]) {
  guint len = MIN(slot->len, GW_MAX_DATAGRAM); /* as the compiler cannot see */
  for (guint i = 0, at = 0; at < len; i++, at += GW_CHUNK)
    memcpy(out + at, s->chunks[slot->chunk[i]], MIN(GW_CHUNK, len - at));
}

void gw_store_drop(gw_store *s, gw_slot *slot) {
  for (guint i = 0; i < n_chunks(slot->len); i++)
    s->free_chunks[s->n_free++] = slot->chunk[i];
  slot->used = FALSE;
  s->n_used--;
}
