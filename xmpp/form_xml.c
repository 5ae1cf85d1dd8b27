#include "xmpp/form_xml.h"
#include <string.h>
#include "xmpp/ns.h"

gw_field *gw_field_new(const char *var, const char *label, gw_field_type type, gboolean required) {
  gw_field *f = g_new0(gw_field, 1);
  *f = (gw_field){
      .var = g_strdup(var), .label = g_strdup(label), .type = type, .required = required};
  return f;
}

void gw_field_free(gw_field *f) {
  if (!f) return;
  g_free(f->var);
  g_free(f->label);
  g_free(f->value);
  g_strfreev(f->options);
  g_strfreev(f->option_labels);
  g_free(f);
}

void gw_adhoc_result_clear(gw_adhoc_result *r) {
  g_free(r->text);
  g_strfreev(r->heads);
  if (r->rows) g_ptr_array_unref(r->rows);
  *r = (gw_adhoc_result){0};
}

/* --- out */

static xmpp_stanza_t *form(xmpp_stanza_t *parent, const char *type, const char *title) {
  xmpp_stanza_t *x = gw_xml_add(parent, "x", GW_NS_DATA);
  gw_xml_set(x, "type", type);
  gw_xml_set_text(gw_xml_add(x, "title", GW_NS_DATA), title);
  return x;
}

static xmpp_stanza_t *field(xmpp_stanza_t *x, const char *var, const char *type,
                            const char *label) {
  xmpp_stanza_t *f = gw_xml_add(x, "field", GW_NS_DATA);
  gw_xml_set(f, "var", var);
  gw_xml_set(f, "type", type);
  if (label) gw_xml_set(f, "label", label);
  return f;
}

static void value(xmpp_stanza_t *parent, const char *text) {
  gw_xml_set_text(gw_xml_add(parent, "value", GW_NS_DATA), text);
}

static void add_field(xmpp_stanza_t *x, const gw_field *f) {
  static const char *const types[] = {"text-single", "list-single", "text-multi", "text-private", "hidden"};
  xmpp_stanza_t *e = field(x, f->var, types[f->type], f->label);
  if (f->required) gw_xml_add(e, "required", GW_NS_DATA);
  if (f->value && *f->value) value(e, f->value);
  for (guint i = 0; f->options && f->options[i]; i++) {
    xmpp_stanza_t *o = gw_xml_add(e, "option", GW_NS_DATA);
    gw_xml_set(o, "label", f->option_labels ? f->option_labels[i] : f->options[i]);
    value(o, f->options[i]);
  }
}

void gw_form_xml_add(xmpp_stanza_t *parent, const char *title, const char *instructions,
                     const GPtrArray *fields) {
  xmpp_stanza_t *x = form(parent, "form", title);
  gw_xml_set_text(gw_xml_add(x, "instructions", GW_NS_DATA), instructions);
  for (guint i = 0; i < fields->len; i++)
    add_field(x, fields->pdata[i]);
}

static void add_table(xmpp_stanza_t *x, const gw_adhoc_result *r) {
  xmpp_stanza_t *reported = gw_xml_add(x, "reported", GW_NS_DATA);
  for (char **h = r->heads; *h; h++)
    field(reported, *h, "text-single", *h);
  for (guint i = 0; i < r->rows->len; i++) {
    char **cells = r->rows->pdata[i];
    xmpp_stanza_t *item = gw_xml_add(x, "item", GW_NS_DATA);
    for (guint k = 0; r->heads[k] && cells[k]; k++) {
      xmpp_stanza_t *f = gw_xml_add(item, "field", GW_NS_DATA);
      gw_xml_set(f, "var", r->heads[k]);
      value(f, cells[k]);
    }
  }
}

void gw_form_xml_add_result(xmpp_stanza_t *parent, const char *title, const gw_adhoc_result *r) {
  xmpp_stanza_t *x = form(parent, "result", title);
  if (r->heads) {
    add_table(x, r);
    return;
  }
  xmpp_stanza_t *f = field(x, "result", "text-multi", title);
  g_auto(GStrv) lines = g_strsplit(r->text ? r->text : "", "\n", -1);
  for (char **l = lines; *l; l++)
    if (**l || l[1]) value(f, *l);
}

/* --- in */

static xmpp_stanza_t *submitted(xmpp_stanza_t *parent) {
  GW_XML_EACH(x, parent) {
    const char *type = gw_xml_is(x, "x", GW_NS_DATA) ? gw_xml_get(x, "type") : NULL;
    if (type && !strcmp(type, "submit")) return x;
  }
  return NULL;
}

static xmpp_stanza_t *field_named(xmpp_stanza_t *x, const char *var) {
  guint n = 0;
  GW_XML_EACH(f, x) {
    if (!gw_xml_is(f, "field", NULL)) continue;
    if (++n > GW_FORM_FIELDS) return NULL;
    if (!g_strcmp0(gw_xml_get(f, "var"), var)) return f;
  }
  return NULL;
}

/* FALSE: over a limit. A value for one line is cut at its first. */
static gboolean read_values(xmpp_stanza_t *f, gboolean lines, GPtrArray *ret) {
  GW_XML_EACH(v, f) {
    if (!gw_xml_is(v, "value", NULL)) continue;
    g_autofree char *text = gw_xml_text(v, GW_FORM_VALUE + 1);
    if (!text) continue;
    if (strlen(text) > GW_FORM_VALUE || ret->len >= GW_FORM_VALUES) return FALSE;
    text[strcspn(text, "\r\n")] = 0;
    g_strstrip(text);
    if (!*text) continue;
    g_ptr_array_add(ret, g_steal_pointer(&text));
    if (!lines) break;
  }
  return TRUE;
}

static gboolean is_offered(const gw_field *f, const char *text) {
  return f->type != GW_FIELD_LIST ||
         (text && f->options && g_strv_contains((const char *const *)f->options, text));
}

GPtrArray *gw_form_xml_read(xmpp_stanza_t *parent, const GPtrArray *fields,
                            gboolean *ret_complete) {
  xmpp_stanza_t *x = submitted(parent);
  *ret_complete = FALSE;
  if (!x) return NULL;
  g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
  gboolean complete = TRUE;
  for (guint i = 0; i < fields->len; i++) {
    const gw_field *f = fields->pdata[i];
    xmpp_stanza_t *e = field_named(x, f->var);
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
    if (e && !read_values(e, f->type == GW_FIELD_LINES, values)) return NULL;
    if (f->required && (!values->len || !is_offered(f, values->pdata[0]))) complete = FALSE;
    g_ptr_array_add(values, NULL);
    g_ptr_array_set_free_func(values, NULL);
    g_ptr_array_add(all, g_ptr_array_free(g_steal_pointer(&values), FALSE));
  }
  *ret_complete = complete;
  return g_steal_pointer(&all);
}
