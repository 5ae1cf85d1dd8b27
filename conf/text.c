/* text.c - values from and to text, and whether they fit their key. Pure. */
#include "conf/value.h"
#include <string.h>

static gboolean word_fits(const gw_key *key, const char *word) {
  if (key->choices) return gw_word_in(key->choices, word, strlen(word));
  return !key->check || key->check(word);
}

static char *strings_wrong(const gw_key *key, char **list) {
  if (key->choices && !*list) return g_strdup("is empty");
  for (char **word = list; *word; word++) {
    if (!word_fits(key, *word)) return g_strdup_printf("\"%s\" is not known", *word);
    for (char **before = list; before < word; before++)
      if (strcmp(*before, *word) == 0) return g_strdup_printf("\"%s\" is there twice", *word);
  }
  return NULL;
}

char *gw_value_wrong(const gw_key *key, const gw_value *value) {
  guint n = key->type == GW_CONF_INTS ? 2 : 1;
  switch (key->type) {
  case GW_CONF_STRING:
    if (word_fits(key, value->str)) return NULL;
    return key->flags & GW_KEY_SECRET ? g_strdup("is not possible")
                                      : g_strdup_printf("\"%s\" is not possible", value->str);
  case GW_CONF_STRINGS:
    return strings_wrong(key, value->list);
  case GW_CONF_INT:
  case GW_CONF_INTS:
    for (guint i = 0; i < n; i++)
      if (value->num[i] < key->min || value->num[i] > key->max)
        return g_strdup_printf("%" G_GINT64_FORMAT " is out of range", value->num[i]);
    if (n == 2 && value->num[0] >= value->num[1])
      return g_strdup("the first is not below the last");
    return NULL;
  default:
    return NULL;
  }
}

gw_value *gw_value_from_text(const gw_key *key, const char *text, char **ret_why) {
  gw_value *value = gw_value_new(0);
  gboolean good = TRUE;
  switch (key->type) {
  case GW_CONF_STRING:
    value->str = g_strdup(text);
    break;
  case GW_CONF_STRINGS:
    value->list = g_strsplit(text, ",", -1);
    break;
  case GW_CONF_INT:
    good = g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, &value->num[0], NULL);
    break;
  case GW_CONF_BOOL:
    value->num[0] = strcmp(text, "true") == 0;
    good = value->num[0] || strcmp(text, "false") == 0;
    break;
  default:
    good = FALSE;
  }
  g_autofree char *wrong =
      good ? gw_value_wrong(key, value) : g_strdup_printf("\"%s\" is not possible", text);
  if (!wrong) return value;
  g_autofree char *accepted = gw_key_accepted(key);
  *ret_why = g_strdup_printf("%s; accepted: %s", wrong, accepted);
  g_free(value->str);
  g_strfreev(value->list);
  g_free(value);
  return NULL;
}

static char *quoted(const char *text) {
  GString *out = g_string_new("\"");
  for (const char *p = text; *p; p++) {
    if (*p == '"' || *p == '\\') g_string_append_c(out, '\\');
    g_string_append_c(out, *p);
  }
  return g_string_free(g_string_append_c(out, '"'), FALSE);
}

static char *quoted_list(char **list) {
  GString *out = g_string_new("[");
  for (char **word = list; *word; word++) {
    g_autofree char *one = quoted(*word);
    g_string_append_printf(out, "%s %s", word == list ? "" : ",", one);
  }
  return g_string_free(g_string_append(out, " ]"), FALSE);
}

static char *default_text(const gw_key *key) {
  const char *def = key->def ? key->def : "";
  g_auto(GStrv) list = g_strsplit(def, ",", -1);
  switch (key->type) {
  case GW_CONF_STRING:
    return quoted(def);
  case GW_CONF_STRINGS:
    return quoted_list(list);
  case GW_CONF_INTS:
    return g_strdup_printf("[ %s, %s ]", list[0], list[1]);
  case GW_CONF_GROUPS:
    return g_strdup("( )");
  default:
    return g_strdup(def);
  }
}

char *gw_value_text(const gw_key *key, const gw_value *value) {
  if (!value) return default_text(key);
  switch (key->type) {
  case GW_CONF_STRING:
    return (key->flags & GW_KEY_SECRET) && *value->str ? g_strdup("\"***\"") : quoted(value->str);
  case GW_CONF_STRINGS:
    return quoted_list(value->list);
  case GW_CONF_INTS:
    return g_strdup_printf("[ %" G_GINT64_FORMAT ", %" G_GINT64_FORMAT " ]", value->num[0],
                           value->num[1]);
  case GW_CONF_BOOL:
    return g_strdup(value->num[0] ? "true" : "false");
  default:
    return g_strdup_printf("%" G_GINT64_FORMAT, value->num[0]);
  }
}
