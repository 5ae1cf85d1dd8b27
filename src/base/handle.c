#include "base/handle.h"

typedef struct {
  void *object; /* NULL: free slot */
  guint32 generation;
  guint8 kind;
} slot;

struct gw_handles {
  slot *slots;
  guint max, count, next;
};

gw_handles *gw_handles_new(guint max) {
  g_assert(max > 0 && max < 1u << 24);
  gw_handles *t = g_new0(gw_handles, 1);
  t->slots = g_new0(slot, max);
  t->max = max;
  return t;
}

void gw_handles_free(gw_handles *t) {
  if (!t) return;
  g_free(t->slots);
  g_free(t);
}

/* kind 8 bits | slot 24 bits | generation 32 bits; generation starts at 1, so v is never 0 */
static gw_handle pack(guint kind, guint i, guint32 generation) {
  return (gw_handle){(guint64)kind << 56 | (guint64)i << 32 | generation};
}

gw_handle gw_handles_add(gw_handles *t, guint kind, void *object) {
  g_assert(kind > 0 && kind < 256 && object);
  if (t->count == t->max) return GW_HANDLE_NONE;
  while (t->slots[t->next].object)
    t->next = (t->next + 1) % t->max;
  guint i = t->next;
  t->next = (i + 1) % t->max;
  slot *s = &t->slots[i];
  s->object = object;
  s->kind = (guint8)kind;
  if (++s->generation == 0) s->generation = 1;
  t->count++;
  return pack(kind, i, s->generation);
}

static slot *find(const gw_handles *t, gw_handle h, guint kind) {
  guint i = (guint)(h.v >> 32) & 0xffffff;
  if (gw_handle_kind(h) != kind || i >= t->max) return NULL;
  slot *s = &t->slots[i];
  return s->object && s->kind == kind && s->generation == (guint32)h.v ? s : NULL;
}

void *gw_handles_get(const gw_handles *t, gw_handle h, guint kind) {
  slot *s = find(t, h, kind);
  return s ? s->object : NULL;
}

void *gw_handles_remove(gw_handles *t, gw_handle h, guint kind) {
  slot *s = find(t, h, kind);
  if (!s) return NULL;
  t->count--;
  return g_steal_pointer(&s->object);
}

guint gw_handles_count(const gw_handles *t) {
  return t->count;
}
