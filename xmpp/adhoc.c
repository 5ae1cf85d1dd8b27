/* adhoc.c - the shell around adhoc_desk.h: stanzas to questions, verdicts to answers (XEP-0050). */
#include "xmpp/adhoc.h"
#include <string.h>
#include "base/clock.h"
#include "base/jid.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/pace.h"
#include "xmpp/adhoc_desk.h"
#include "xmpp/form_xml.h"
#include "xmpp/internal.h"
#include "xmpp/ns.h"

#define MAX_TICKETS 16 /* commands under way */

typedef struct {
  guint no, command;
  char *from, *to, *id, *session;
} ticket;

struct gw_adhoc {
  const gw_adhoc_command *commands;
  guint n_commands;
  gw_adhoc_events events;
  void *user;
  char **operators; /* bare JIDs, normalised */
  gw_desk *desk;
  GPtrArray *tickets;
  guint last_ticket;
  gw_pace *refusals; /* one line in the log for each who may not, not for each try */
};

static void ticket_free(void *p) {
  ticket *t = p;
  g_free(t->from);
  g_free(t->to);
  g_free(t->id);
  g_free(t->session);
  g_free(t);
}

void gw_adhoc_init(gw_xmpp *x) {
  x->adhoc = g_new0(struct gw_adhoc, 1);
  x->adhoc->desk = gw_desk_new();
  x->adhoc->tickets = g_ptr_array_new_with_free_func(ticket_free);
  x->adhoc->refusals = gw_pace_new(1, GW_SEC(60), GW_MAX_INVITERS);
}

void gw_adhoc_clear(gw_xmpp *x) {
  g_strfreev(x->adhoc->operators);
  gw_desk_free(x->adhoc->desk);
  g_ptr_array_unref(x->adhoc->tickets);
  gw_pace_free(x->adhoc->refusals);
  g_free(x->adhoc);
}

void gw_xmpp_set_commands(gw_xmpp *x, const gw_adhoc_command *commands, guint n,
                          const gw_adhoc_events *events, void *user) {
  x->adhoc->commands = commands;
  x->adhoc->n_commands = n;
  x->adhoc->events = *events;
  x->adhoc->user = user;
}

void gw_xmpp_set_operators(gw_xmpp *x, const char *const *jids) {
  g_autoptr(GStrvBuilder) list = g_strv_builder_new();
  for (; jids && *jids; jids++) {
    g_autofree char *bare = gw_jid_bare(*jids);
    if (bare) g_strv_builder_add(list, bare);
  }
  g_strfreev(x->adhoc->operators);
  x->adhoc->operators = g_strv_builder_end(list);
}

/* The server has made sure who it is; a room speaks for nobody, since its own bare JID is what is compared. */
gboolean gw_adhoc_is_operator(const gw_xmpp *x, const char *jid) {
  g_autofree char *bare = jid ? gw_jid_bare(jid) : NULL;
  return bare && x->adhoc->operators &&
         g_strv_contains((const char *const *)x->adhoc->operators, bare);
}

gboolean gw_adhoc_on(const gw_xmpp *x) {
  return x->adhoc->n_commands && x->adhoc->operators && *x->adhoc->operators;
}

static int command_of(const struct gw_adhoc *a, const char *node) {
  for (guint i = 0; node && i < a->n_commands; i++)
    if (!strcmp(a->commands[i].node, node)) return (int)i;
  return -1;
}

/* --- disco (XEP-0050 2) */

static void identity(xmpp_stanza_t *query, const char *type, const char *name) {
  xmpp_stanza_t *i = gw_xml_add(query, "identity", XMPP_NS_DISCO_INFO);
  gw_xml_set(i, "category", "automation");
  gw_xml_set(i, "type", type);
  gw_xml_set(i, "name", name);
}

static xmpp_stanza_t *list(const gw_xmpp *x, xmpp_stanza_t *iq) {
  const struct gw_adhoc *a = x->adhoc;
  xmpp_stanza_t *reply = gw_iq_result(iq), *query = gw_xml_add(reply, "query", XMPP_NS_DISCO_ITEMS);
  gw_xml_set(query, "node", GW_NS_COMMANDS);
  gboolean may = gw_adhoc_is_operator(x, xmpp_stanza_get_from(iq));
  for (guint i = 0; may && i < a->n_commands; i++) {
    xmpp_stanza_t *item = gw_xml_add(query, "item", XMPP_NS_DISCO_ITEMS);
    gw_xml_set(item, "jid", x->domain);
    gw_xml_set(item, "node", a->commands[i].node);
    gw_xml_set(item, "name", a->commands[i].name);
  }
  return reply;
}

/* NULL: no node of ours. */
static xmpp_stanza_t *about(const gw_xmpp *x, xmpp_stanza_t *iq, const char *node) {
  const struct gw_adhoc *a = x->adhoc;
  int command = command_of(a, node);
  gboolean all = !g_strcmp0(node, GW_NS_COMMANDS);
  if (!all && command < 0) return NULL;
  if (!gw_adhoc_is_operator(x, xmpp_stanza_get_from(iq)))
    return gw_iq_error(iq, "auth", "forbidden", NULL);
  xmpp_stanza_t *reply = gw_iq_result(iq), *query = gw_xml_add(reply, "query", XMPP_NS_DISCO_INFO);
  gw_xml_set(query, "node", node);
  identity(query, all ? "command-list" : "command-node",
           all ? "Commands" : a->commands[command].name);
  gw_xml_set(gw_xml_add(query, "feature", XMPP_NS_DISCO_INFO), "var", GW_NS_COMMANDS);
  if (!all) gw_xml_set(gw_xml_add(query, "feature", XMPP_NS_DISCO_INFO), "var", GW_NS_DATA);
  return reply;
}

static xmpp_stanza_t *disco(const gw_xmpp *x, xmpp_stanza_t *iq) {
  xmpp_stanza_t *c = gw_xml_first(iq);
  const char *node = c ? gw_xml_get(c, "node") : NULL;
  if (!node) return NULL;
  if (gw_xml_is(c, "query", XMPP_NS_DISCO_ITEMS))
    return strcmp(node, GW_NS_COMMANDS) ? NULL : list(x, iq);
  return gw_xml_is(c, "query", XMPP_NS_DISCO_INFO) ? about(x, iq, node) : NULL;
}

/* --- commands */

static xmpp_stanza_t *answer(const gw_xmpp *x, const char *from, const char *to, const char *id,
                             guint command, const char *session, const char *status) {
  xmpp_stanza_t *reply = gw_iq_new("result", to, from, id);
  xmpp_stanza_t *c = gw_xml_add(reply, "command", GW_NS_COMMANDS);
  gw_xml_set(c, "node", x->adhoc->commands[command].node);
  gw_xml_set(c, "sessionid", session);
  gw_xml_set(c, "status", status);
  return reply;
}

static void note(xmpp_stanza_t *command, const char *type, const char *text) {
  xmpp_stanza_t *n = gw_xml_add(command, "note", GW_NS_COMMANDS);
  gw_xml_set(n, "type", type);
  gw_xml_set_text(n, text);
}

static xmpp_stanza_t *form_answer(const gw_xmpp *x, xmpp_stanza_t *iq, guint command,
                                  const gw_desk_answer *a, const GPtrArray *fields) {
  xmpp_stanza_t *reply = answer(x, xmpp_stanza_get_from(iq), xmpp_stanza_get_to(iq),
                                xmpp_stanza_get_id(iq), command, a->session, "executing");
  xmpp_stanza_t *c = gw_xml_first(reply);
  xmpp_stanza_t *actions = gw_xml_add(c, "actions", GW_NS_COMMANDS);
  gw_xml_set(actions, "execute", "complete");
  gw_xml_add(actions, "complete", GW_NS_COMMANDS);
  if (a->again) note(c, "error", "Something that is needed is missing.");
  const char *name = x->adhoc->commands[command].name;
  gw_form_xml_add(c, name, name, fields);
  return reply;
}

static xmpp_stanza_t *refusal(const gw_xmpp *x, xmpp_stanza_t *iq, const gw_desk_answer *a,
                              const char *node) {
  const char *from = xmpp_stanza_get_from(iq);
  g_autofree char *bare = from ? gw_jid_bare(from) : NULL;
  if (bare && gw_pace_take(x->adhoc->refusals, bare, gw_now_us(), NULL))
    gw_warn(NULL, "operator-refused", "by=%s node=%s reason=%s", bare, node ? node : "-",
            a->detail ? a->detail : a->condition);
  xmpp_stanza_t *reply = gw_iq_error(iq, a->type, a->condition, NULL);
  if (a->detail) gw_xml_add(gw_xml_child(reply, "error", NULL), a->detail, GW_NS_COMMANDS);
  return reply;
}

/* NULL: the answer comes with the result. */
static xmpp_stanza_t *run(gw_xmpp *x, xmpp_stanza_t *iq, guint command, const char *session,
                          const GPtrArray *values) {
  struct gw_adhoc *a = x->adhoc;
  if (a->tickets->len >= MAX_TICKETS) return gw_iq_error(iq, "wait", "resource-constraint", NULL);
  ticket *t = g_new0(ticket, 1);
  *t = (ticket){.no = ++a->last_ticket,
                .command = command,
                .from = g_strdup(xmpp_stanza_get_from(iq)),
                .to = g_strdup(xmpp_stanza_get_to(iq)),
                .id = g_strdup(xmpp_stanza_get_id(iq)),
                .session = g_strdup(session)};
  g_ptr_array_add(a->tickets, t);
  g_autofree char *who = gw_jid_bare(t->from);
  gw_info(NULL, "operator-command", "by=%s command=%s", who, a->commands[command].node);
  a->events.run(command, who, values, t->no, a->user);
  return NULL;
}

/* What each stage of this command needs is asked anew: a call may have ended meanwhile. */
static xmpp_stanza_t *command_in(gw_xmpp *x, xmpp_stanza_t *iq, xmpp_stanza_t *c) {
  struct gw_adhoc *a = x->adhoc;
  const char *node = gw_xml_get(c, "node");
  g_autofree char *fresh = gw_ids_hex(x->ids, 16);
  gw_desk_ask ask = {.who = xmpp_stanza_get_from(iq),
                     .may = gw_adhoc_is_operator(x, xmpp_stanza_get_from(iq)),
                     .command = command_of(a, node),
                     .session = gw_xml_get(c, "sessionid"),
                     .stage = gw_stage_of(gw_xml_get(c, "action")),
                     .fresh = fresh};
  g_autoptr(GPtrArray) fields =
      ask.may && ask.command >= 0 ? a->events.form((guint)ask.command, a->user) : g_ptr_array_new();
  g_autoptr(GPtrArray) values = gw_form_xml_read(c, fields, &ask.form_complete);
  gw_desk_answer said;
  ask.form_wanted = fields->len > 0;
  ask.form_complete |= !ask.form_wanted;
  gw_desk_step(a->desk, &ask, gw_now_us(), &said);
  if (said.verdict == GW_DESK_REFUSED) return refusal(x, iq, &said, node);
  if (said.verdict == GW_DESK_RUN) {
    if (!values) values = g_ptr_array_new();
    return run(x, iq, (guint)ask.command, said.session, values);
  }
  if (said.verdict == GW_DESK_FORM) return form_answer(x, iq, (guint)ask.command, &said, fields);
  return answer(x, xmpp_stanza_get_from(iq), xmpp_stanza_get_to(iq), xmpp_stanza_get_id(iq),
                (guint)ask.command, said.session, "canceled");
}

gboolean gw_adhoc_serve(gw_xmpp *x, gw_stream *s, xmpp_stanza_t *iq) {
  if (!x->adhoc->n_commands) return FALSE;
  gboolean get = !g_strcmp0(xmpp_stanza_get_type(iq), "get");
  xmpp_stanza_t *c = get ? NULL : gw_xml_child(iq, "command", GW_NS_COMMANDS);
  xmpp_stanza_t *reply = get ? disco(x, iq) : c ? command_in(x, iq, c) : NULL;
  if (reply) gw_xmpp_send(x, s, reply, FALSE);
  return reply || c;
}

void gw_xmpp_adhoc_done(gw_xmpp *x, guint no, const gw_adhoc_result *r) {
  struct gw_adhoc *a = x->adhoc;
  for (guint i = 0; i < a->tickets->len; i++) {
    const ticket *t = a->tickets->pdata[i];
    if (t->no != no) continue;
    xmpp_stanza_t *reply = answer(x, t->from, t->to, t->id, t->command, t->session, "completed");
    xmpp_stanza_t *c = gw_xml_first(reply);
    if (r->failed)
      note(c, "error", r->text);
    else
      gw_form_xml_add_result(c, a->commands[t->command].name, r);
    gw_xmpp_send(x, x->main, reply, FALSE);
    g_ptr_array_remove_index(a->tickets, i);
    return;
  }
}
