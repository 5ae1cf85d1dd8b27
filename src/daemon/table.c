/* table.c - columns for people. */
#include <string.h>
#include "daemon/commands.h"

struct gw_table {
  guint columns;
  GPtrArray *cells; /* char*, row by row, heads first */
};

gw_table *gw_table_new(const char *const *heads) {
  gw_table *table = g_new0(gw_table, 1);
  table->columns = g_strv_length((char **)heads);
  table->cells = g_ptr_array_new_with_free_func(g_free);
  gw_table_row(table, heads);
  return table;
}

/* Names and nicks come from the network: nothing of them may act on a terminal. */
static char *plain(const char *text) {
  GString *out = g_string_new(NULL);
  for (const char *p = text; *p; p = g_utf8_next_char(p)) {
    gunichar c = g_utf8_get_char_validated(p, -1);
    if (c == (gunichar)-1 || c == (gunichar)-2)
      return g_string_free(g_string_append(out, "?"), FALSE);
    g_string_append_unichar(out, g_unichar_isprint(c) ? c : '?');
  }
  return g_string_free(out, FALSE);
}

void gw_table_row(gw_table *table, const char *const *cells) {
  for (guint i = 0; i < table->columns; i++)
    g_ptr_array_add(table->cells, cells[i] && *cells[i] ? plain(cells[i]) : g_strdup("-"));
}

static guint width_of(const gw_table *table, guint column) {
  glong widest = 0;
  for (guint i = column; i < table->cells->len; i += table->columns)
    widest = MAX(widest, g_utf8_strlen(g_ptr_array_index(table->cells, i), -1));
  return (guint)widest;
}

char *gw_table_text(gw_table *table) {
  GString *out = g_string_new(NULL);
  g_autofree guint *widths = g_new0(guint, table->columns);
  for (guint i = 0; i < table->columns; i++)
    widths[i] = width_of(table, i);
  for (guint i = 0; i < table->cells->len; i++) {
    const char *cell = g_ptr_array_index(table->cells, i);
    guint column = i % table->columns;
    gboolean last = column + 1 == table->columns;
    g_string_append(out, cell);
    for (glong n = g_utf8_strlen(cell, -1); !last && n < (glong)widths[column] + 2; n++)
      g_string_append_c(out, ' ');
    if (last) g_string_append_c(out, '\n');
  }
  g_ptr_array_unref(table->cells);
  g_free(table);
  return g_string_free(out, FALSE);
}
