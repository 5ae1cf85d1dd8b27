#include "base/pace.h"

typedef struct {
  gint64 due; /* when all that was taken would have been taken evenly */
  gboolean told;
} pace_row;

struct gw_pace {
  guint burst, names;
  gint64 every;
  GHashTable *rows; /* name -> pace_row */
};

gw_pace *gw_pace_new(guint burst, gint64 every_us, guint names) {
  gw_pace *p = g_new0(gw_pace, 1);
  p->burst = MAX(burst, 1);
  p->every = every_us;
  p->names = names;
  p->rows = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  return p;
}

void gw_pace_free(gw_pace *p) {
  if (!p) return;
  g_hash_table_unref(p->rows);
  g_free(p);
}

static gboolean is_idle(void *name, void *row, void *now) {
  return ((pace_row *)row)->due <= *(gint64 *)now;
}

/* Who has nothing on account is as good as never seen. */
static pace_row *row_of(gw_pace *p, const char *name, gint64 now) {
  pace_row *r = g_hash_table_lookup(p->rows, name);
  if (r) return r;
  if (g_hash_table_size(p->rows) >= p->names) g_hash_table_foreach_remove(p->rows, is_idle, &now);
  if (g_hash_table_size(p->rows) >= p->names) return NULL;
  r = g_new0(pace_row, 1);
  r->due = now;
  g_hash_table_insert(p->rows, g_strdup(name), r);
  return r;
}

gboolean gw_pace_take(gw_pace *p, const char *name, gint64 now, gboolean *ret_first) {
  pace_row *r = row_of(p, name, now);
  gboolean fine = r && r->due - now <= (gint64)(p->burst - 1) * p->every;
  if (ret_first) *ret_first = r && !fine && !r->told;
  if (!r) return FALSE;
  r->told = !fine;
  if (fine) r->due = MAX(r->due, now) + p->every;
  return fine;
}
