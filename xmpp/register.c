/* register.c - in-band registration of people's own SIP accounts: stanzas around account.h. */
#include "xmpp/register.h"
#include <string.h>
#include "base/clock.h"
#include "base/jid.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/pace.h"
#include "base/thread.h"
#include "xmpp/form_xml.h"
#include "xmpp/internal.h"
#include "xmpp/ns.h"

#define SETS_AT_ONCE                                                                               \
  5 /* of one person, each is a REGISTER at once; from then on one in SET_EVERY */
#define SET_EVERY GW_SEC(60)
#define INSTRUCTIONS                                                                               \
  "Your own SIP account: the gateway registers there for you. Its calls ring you here, and the "   \
  "numbers that you call go out by it. Without a new password the old one stays."

struct gw_register {
  char **patterns, **registrars;
  gw_register_events events;
  void *user;
  gw_pace *pace;
};

void gw_register_init(gw_xmpp *x) {
  x->registry = g_new0(gw_register, 1);
  x->registry->pace = gw_pace_new(SETS_AT_ONCE, SET_EVERY, GW_MAX_INVITERS);
}

void gw_register_clear(gw_xmpp *x) {
  if (!x->registry) return;
  g_strfreev(x->registry->patterns);
  g_strfreev(x->registry->registrars);
  gw_pace_free(x->registry->pace);
  g_clear_pointer(&x->registry, g_free);
}

void gw_xmpp_set_register_events(gw_xmpp *x, const gw_register_events *events, void *user) {
  GW_ON_CONTROL();
  x->registry->events = *events;
  x->registry->user = user;
}

void gw_xmpp_set_registration(gw_xmpp *x, const char *const *patterns,
                              const char *const *registrars) {
  GW_ON_CONTROL();
  g_strfreev(x->registry->patterns);
  g_strfreev(x->registry->registrars);
  x->registry->patterns = gw_patterns_folded(patterns);
  x->registry->registrars = g_strdupv((char **)registrars);
}

static gboolean is_on(const gw_xmpp *x) {
  const gw_register *r = x->registry;
  return !x->client && r->events.get && r->patterns && *r->patterns && r->registrars &&
         *r->registrars;
}

gboolean gw_xmpp_may_register(const gw_xmpp *x, const char *jid) {
  g_autofree char *bare = jid ? gw_jid_bare(jid) : NULL;
  return bare && strchr(bare, '@') && is_on(x) && !gw_xmpp_is_ours(x, bare) &&
         gw_patterns_match(x->registry->patterns, bare);
}

static const gw_account *account_of(const gw_xmpp *x, const char *bare, const char **ret_status) {
  const gw_register *r = x->registry;
  return bare && !x->client && r->events.get ? r->events.get(bare, ret_status, r->user) : NULL;
}

/* --- the form (XEP-0077 3.1, 4) */

static void add_field(GPtrArray *fields, const char *var, const char *label, gw_field_type type,
                      gboolean required, const char *value) {
  gw_field *f = gw_field_new(var, label, type, required);
  f->value = g_strdup(value);
  g_ptr_array_add(fields, f);
}

static GPtrArray *form_fields(const gw_xmpp *x, const gw_account *a) {
  GPtrArray *fields = g_ptr_array_new_with_free_func((GDestroyNotify)gw_field_free);
  add_field(fields, "FORM_TYPE", NULL, GW_FIELD_HIDDEN, FALSE, GW_NS_REGISTER);
  add_field(fields, "username", "SIP user, or user@provider", GW_FIELD_TEXT, TRUE,
            a ? a->user : NULL);
  add_field(fields, "password", "Password of the SIP account", GW_FIELD_PRIVATE, !a, NULL);
  add_field(fields, "registrar", "Provider", GW_FIELD_LIST, FALSE,
            a ? a->registrar : x->registry->registrars[0]);
  gw_field *list = fields->pdata[fields->len - 1];
  list->options = g_strdupv(x->registry->registrars);
  add_field(fields, "name", "Your name, shown to those whom you call", GW_FIELD_TEXT, FALSE,
            a ? a->name : NULL);
  return fields;
}

static void add_text(xmpp_stanza_t *query, const char *name, const char *text) {
  xmpp_stanza_t *e = gw_xml_add(query, name, GW_NS_REGISTER);
  if (text && *text) gw_xml_set_text(e, text);
}

static xmpp_stanza_t *answer_get(const gw_xmpp *x, xmpp_stanza_t *iq, const char *bare) {
  const char *status = NULL;
  const gw_account *a = account_of(x, bare, &status);
  xmpp_stanza_t *reply = gw_iq_result(iq), *query = gw_xml_add(reply, "query", GW_NS_REGISTER);
  g_autoptr(GPtrArray) fields = form_fields(x, a);
  g_autofree char *address = a ? gw_account_address(a) : NULL;
  g_autofree char *said = a ? g_strdup_printf("%s: %s\n" INSTRUCTIONS, address, status) : NULL;
  if (a) gw_xml_add(query, "registered", GW_NS_REGISTER);
  add_text(query, "instructions", said ? said : INSTRUCTIONS);
  add_text(query, "username", address);
  add_text(query, "password", NULL);
  add_text(query, "name", a ? a->name : NULL);
  gw_form_xml_add(query, "SIP account", said ? said : INSTRUCTIONS, fields);
  return reply;
}

/* --- what was filled in */

typedef struct {
  char *user, *registrar, *password, *name;
} words;

static void words_clear(words *w) {
  if (w->password) explicit_bzero(w->password, strlen(w->password));
  g_free(w->user);
  g_free(w->registrar);
  g_free(w->password);
  g_free(w->name);
}

static char *plain(xmpp_stanza_t *query, const char *name) {
  xmpp_stanza_t *c = gw_xml_child(query, name, NULL);
  char *text = c ? gw_xml_text(c, GW_FORM_VALUE) : NULL;
  return text ? g_strstrip(text) : NULL;
}

static char *first_of(const GPtrArray *values, guint i) {
  char **v = values->pdata[i];
  return g_strdup(v[0]);
}

/* A client that shows no forms fills in the plain fields. FALSE: a form over the limits. */
static gboolean read_words(const gw_xmpp *x, xmpp_stanza_t *query, words *ret) {
  gboolean complete;
  *ret = (words){0};
  if (!gw_xml_child(query, "x", GW_NS_DATA)) {
    *ret = (words){plain(query, "username"), NULL, plain(query, "password"), plain(query, "name")};
    return TRUE;
  }
  g_autoptr(GPtrArray) fields = form_fields(x, NULL);
  g_autoptr(GPtrArray) values = gw_form_xml_read(query, fields, &complete);
  if (!values) return FALSE;
  *ret = (words){.user = first_of(values, 1),
                 .password = first_of(values, 2),
                 .registrar = first_of(values, 3),
                 .name = first_of(values, 4)};
  return TRUE;
}

static xmpp_stanza_t *refuse(xmpp_stanza_t *iq, const char *bare, const char *type,
                             const char *condition, const char *why) {
  xmpp_stanza_t *reply = gw_iq_error(iq, type, condition, NULL);
  xmpp_stanza_t *text =
      gw_xml_add(gw_xml_child(reply, "error", NULL), "text", XMPP_NS_STANZAS_IETF);
  gw_xml_set_text(text, why);
  gw_info(NULL, "account-refused", "jid=%s condition=%s why=%s", bare, condition, why);
  return reply;
}

static xmpp_stanza_t *answer_remove(gw_xmpp *x, xmpp_stanza_t *iq, const char *bare) {
  const char *status;
  if (!account_of(x, bare, &status)) return gw_iq_error(iq, "auth", "registration-required", NULL);
  x->registry->events.remove(bare, x->registry->user);
  gw_standing_show(x, x->domain, bare); /* without the status of what is no more */
  return gw_iq_result(iq);
}

static xmpp_stanza_t *answer_set(const gw_xmpp *x, xmpp_stanza_t *iq, xmpp_stanza_t *query,
                                 const char *bare) {
  const gw_register *r = x->registry;
  const char *status, *why = NULL;
  words w;
  if (!gw_pace_take(r->pace, bare, gw_now_us(), NULL))
    return refuse(iq, bare, "wait", "resource-constraint", "too often: wait a minute");
  if (!read_words(x, query, &w)) return refuse(iq, bare, "modify", "bad-request", "no such form");
  const gw_account_words said = {w.user, w.registrar, w.password, w.name};
  g_autoptr(gw_account) a = gw_account_read(&said, (const char *const *)r->registrars,
                                            account_of(x, bare, &status), &why);
  words_clear(&w);
  if (!a) return refuse(iq, bare, "modify", "not-acceptable", why);
  const char *condition = r->events.set(bare, a, r->user);
  if (!condition) return gw_iq_result(iq);
  return !strcmp(condition, "conflict")
             ? refuse(iq, bare, "cancel", condition, "somebody else has this account here")
             : refuse(iq, bare, "wait", condition, "there are as many accounts as there may be");
}

gboolean gw_register_serve(gw_xmpp *x, gw_stream *s, xmpp_stanza_t *iq) {
  xmpp_stanza_t *query = gw_xml_first(iq), *reply;
  const char *status;
  g_autofree char *bare = gw_jid_bare(xmpp_stanza_get_from(iq));
  gboolean get = !g_strcmp0(xmpp_stanza_get_type(iq), "get");
  if (!query || !bare || !gw_xml_is(query, "query", GW_NS_REGISTER)) return FALSE;
  gboolean may = gw_xmpp_may_register(x, bare),
           removes = gw_xml_child(query, "remove", NULL) != NULL;
  if (!get && removes && (may || account_of(x, bare, &status)))
    reply = answer_remove(x, iq, bare); /* also who may have one no longer */
  else if (!is_on(x))
    return FALSE;
  else if (!may)
    reply = gw_iq_error(iq, "cancel", "not-allowed", NULL);
  else
    reply = get ? answer_get(x, iq, bare) : answer_set(x, iq, query, bare);
  gw_xmpp_send(x, s, reply, FALSE);
  return TRUE;
}

/* --- presence and messages */

/* XEP-0100 4.3: who takes the gateway off his contact list is through with it. */
void gw_register_unsubscribed(gw_xmpp *x, const char *us, const char *them) {
  const char *status;
  if (x->client || strcmp(us, x->domain) || !account_of(x, them, &status)) return;
  x->registry->events.remove(them, x->registry->user);
}

void gw_register_stand(const gw_xmpp *x, const char *to, gw_stand *stand) {
  g_autofree char *bare = gw_jid_bare(to);
  const char *status = NULL;
  if (stand->available && account_of(x, bare, &status)) stand->status = status;
}

gboolean gw_xmpp_tell_account(gw_xmpp *x, const char *bare, const char *status, const char *text) {
  GW_ON_CONTROL();
  if (x->client || gw_stream_state(x->main) != GW_XMPP_UP) return FALSE;
  xmpp_stanza_t *p = gw_xml_new("presence", NULL), *m = gw_xml_new("message", NULL);
  gw_xml_set(p, "from", x->domain);
  gw_xml_set(p, "to", bare);
  if (status) gw_xml_set_text(gw_xml_add(p, "status", NULL), status);
  gw_xmpp_send(x, x->main, p, FALSE);
  gw_xml_set(m, "type", "chat");
  gw_xml_set(m, "from", x->domain);
  gw_xml_set(m, "to", bare);
  gw_xml_set_text(gw_xml_add(m, "body", NULL), text);
  gw_xmpp_send(x, x->main, m, FALSE);
  return TRUE;
}
