/* ladder.c - a call's trace drawn: time downwards, one column for each who took part. */
#include <string.h>
#include "daemon/commands.h"

#define MAX_COLUMNS 8 /* more participants share the last one */
#define WIDTH 14      /* of a column */

typedef struct {
  const char *names[MAX_COLUMNS];
  guint n;
} columns;

static guint column_of(columns *c, const char *name) {
  for (guint i = 0; i < c->n; i++)
    if (!strcmp(c->names[i], name)) return i;
  if (c->n == MAX_COLUMNS) {
    c->names[MAX_COLUMNS - 1] = "others";
    return MAX_COLUMNS - 1;
  }
  c->names[c->n] = name;
  return c->n++;
}

static const char *member(JsonNode *event, const char *name) {
  const char *text = gw_json_get_string(event, name);
  return text ? text : "-";
}

/* At most WIDTH - 2 columns of the screen, filled up to WIDTH. */
static void name_cell(GString *out, const char *name) {
  g_autofree char *cut = g_utf8_substring(name, 0, MIN(g_utf8_strlen(name, -1), WIDTH - 2));
  g_string_append_printf(out, "%s%*s", cut, (int)(WIDTH - g_utf8_strlen(cut, -1)), "");
}

static void head(GString *out, const columns *c) {
  g_string_append_printf(out, "%8s  %-7s", "ms", "lane");
  for (guint i = 0; i < c->n; i++)
    name_cell(out, c->names[i]);
  while (g_str_has_suffix(out->str, " "))
    g_string_truncate(out, out->len - 1);
  g_string_append(out, "\n");
}

/* "|------------->|" from column to column, "*" where nothing travels. */
static void arrow(GString *out, guint n, guint from, guint to) {
  gsize start = out->len;
  for (guint i = 0; i < n; i++)
    g_string_append_printf(out, "%-*s", WIDTH, "|");
  char *row = out->str + start;
  guint low = MIN(from, to), high = MAX(from, to);
  if (low == high) {
    row[low * WIDTH] = '*';
    return;
  }
  memset(row + low * WIDTH + 1, '-', (high - low) * WIDTH - 1);
  if (from < to)
    row[high * WIDTH - 1] = '>';
  else
    row[low * WIDTH + 1] = '<';
}

static void row(GString *out, columns *c, JsonNode *event) {
  guint from = column_of(c, member(event, "from")), to = column_of(c, member(event, "to"));
  g_string_append_printf(out, "%8" G_GINT64_FORMAT "  %-7s", gw_json_get_int(event, "ms", 0),
                         member(event, "lane"));
  arrow(out, c->n, from, to);
  g_string_append_printf(out, "%s\n", member(event, "text"));
}

char *gw_ladder_text(JsonNode *trace) {
  columns c = {.names = {"phone", "gateway", "room"}, .n = 3};
  JsonNode *list = gw_json_get(trace, "events");
  JsonArray *events = list && JSON_NODE_HOLDS_ARRAY(list) ? json_node_get_array(list) : NULL;
  guint n = events ? json_array_get_length(events) : 0;
  gint64 dropped = gw_json_get_int(trace, "dropped", 0);
  for (guint i = 0; i < n; i++) {
    JsonNode *event = json_array_get_element(events, i);
    column_of(&c, member(event, "from"));
    column_of(&c, member(event, "to"));
  }
  GString *out = g_string_new(NULL);
  head(out, &c);
  for (guint i = 0; i < n; i++)
    row(out, &c, json_array_get_element(events, i));
  if (dropped)
    g_string_append_printf(
        out, "%" G_GINT64_FORMAT " events between the first and the last ones were not kept\n",
        dropped);
  return g_string_free(out, FALSE);
}
