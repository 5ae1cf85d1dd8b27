#include "sip/bindings.h"
#include "base/clock.h"
#include "base/limits.h"
#include <string.h>

struct gw_bindings {
  GHashTable *phones; /* number -> GPtrArray of gw_bound */
  guint count;
};

void gw_bound_free(gw_bound *b) {
  if (!b) return;
  g_free(b->number);
  g_free(b->contact);
  g_free(b->instance);
  g_free(b->source);
  g_free(b->user_agent);
  g_free(b->call_id);
  g_free(b);
}

static gw_bound *bound_copy(const gw_bound *b) {
  gw_bound *c = g_new0(gw_bound, 1);
  *c = *b;
  c->number = g_strdup(b->number);
  c->contact = g_strdup(b->contact);
  c->instance = g_strdup(b->instance ? b->instance : "");
  c->source = g_strdup(b->source);
  c->user_agent = g_strdup(b->user_agent ? b->user_agent : "");
  c->call_id = g_strdup(b->call_id ? b->call_id : "");
  return c;
}

static void phone_free(void *p) {
  g_ptr_array_unref(p);
}

static void element_free(void *p) {
  gw_bound_free(p);
}

gw_bindings *gw_bindings_new(void) {
  gw_bindings *t = g_new0(gw_bindings, 1);
  t->phones = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, phone_free);
  return t;
}

void gw_bindings_free(gw_bindings *t) {
  if (!t) return;
  g_hash_table_unref(t->phones);
  g_free(t);
}

guint gw_bindings_count(const gw_bindings *t) {
  return t->count;
}

static gboolean same_phone(const gw_bound *a, const gw_bound *b) {
  if (b->instance && *b->instance && strcmp(a->instance, b->instance) == 0) return TRUE;
  return strcmp(a->contact, b->contact) == 0;
}

static gw_bound *take_at(gw_bindings *t, GPtrArray *phone, guint i) {
  gw_bound *b = g_ptr_array_steal_index(phone, i);
  t->count--;
  if (phone->len == 0) {
    g_autofree char *number = g_strdup(b->number);
    g_hash_table_remove(t->phones, number);
  }
  return b;
}

static gw_bound_change add(gw_bindings *t, GPtrArray *phone, const gw_bound *b) {
  if (!b->expires_us) return GW_BOUND_UNKNOWN;
  if (phone && phone->len >= GW_MAX_BINDINGS) return GW_BOUND_FULL;
  if (!phone) {
    phone = g_ptr_array_new_with_free_func(element_free);
    g_hash_table_insert(t->phones, g_strdup(b->number), phone);
  }
  g_ptr_array_add(phone, bound_copy(b));
  t->count++;
  return GW_BOUND_ADDED;
}

gw_bound_change gw_bindings_put(gw_bindings *t, const gw_bound *b) {
  GPtrArray *phone = g_hash_table_lookup(t->phones, b->number);
  for (guint i = 0; phone && i < phone->len; i++) {
    gw_bound *old = g_ptr_array_index(phone, i);
    if (!same_phone(old, b)) continue;
    if (b->call_id && *b->call_id && strcmp(old->call_id, b->call_id) == 0 && b->cseq <= old->cseq)
      return GW_BOUND_OLD;
    if (!b->expires_us) {
      gw_bound_free(take_at(t, phone, i));
      return GW_BOUND_GONE;
    }
    g_ptr_array_index(phone, i) = bound_copy(b);
    gw_bound_free(old);
    return GW_BOUND_REFRESHED;
  }
  return add(t, phone, b);
}

guint gw_bindings_get(const gw_bindings *t, const char *number, gint64 now_us, const gw_bound **ret,
                      guint max) {
  const GPtrArray *phone = g_hash_table_lookup(t->phones, number);
  guint n = 0;
  for (guint i = 0; phone && i < phone->len && n < max; i++) {
    const gw_bound *b = g_ptr_array_index(phone, i);
    if (b->expires_us > now_us) ret[n++] = b;
  }
  return n;
}

void gw_bindings_foreach(const gw_bindings *t, void (*fn)(const gw_bound *, void *), void *data) {
  GHashTableIter it;
  void *value;
  g_hash_table_iter_init(&it, t->phones);
  while (g_hash_table_iter_next(&it, NULL, &value)) {
    const GPtrArray *phone = value;
    for (guint i = 0; i < phone->len; i++)
      fn(g_ptr_array_index(phone, i), data);
  }
}

gw_bound *gw_bindings_take_expired(gw_bindings *t, gint64 now_us) {
  GHashTableIter it;
  void *value;
  g_hash_table_iter_init(&it, t->phones);
  while (g_hash_table_iter_next(&it, NULL, &value)) {
    GPtrArray *phone = value;
    for (guint i = 0; i < phone->len; i++)
      if (((gw_bound *)g_ptr_array_index(phone, i))->expires_us <= now_us)
        return take_at(t, phone, i);
  }
  return NULL;
}

gw_bound *gw_bindings_take(gw_bindings *t, const char *number) {
  GPtrArray *phone = g_hash_table_lookup(t->phones, number);
  return phone ? take_at(t, phone, 0) : NULL;
}

gint64 gw_bindings_next_us(const gw_bindings *t) {
  gint64 next = GW_NEVER;
  GHashTableIter it;
  void *value;
  g_hash_table_iter_init(&it, t->phones);
  while (g_hash_table_iter_next(&it, NULL, &value)) {
    const GPtrArray *phone = value;
    for (guint i = 0; i < phone->len; i++)
      next = MIN(next, ((const gw_bound *)g_ptr_array_index(phone, i))->expires_us);
  }
  return next;
}
