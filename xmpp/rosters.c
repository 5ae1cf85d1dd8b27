/* rosters.c - our phones in people's contact lists: written there where their server lets us (XEP-0356), else suggested to
 * them (XEP-0144). Some clients take calls from contacts only. Never without the operator's wish, and each person once. */
#include <string.h>
#include "base/jid.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/thread.h"
#include "xmpp/internal.h"
#include "xmpp/ns.h"
#include "xmpp/roster_help.h"

#define GROUP "Telephones"
#define MAX_GRANTS 16    /* servers that let us */
#define MAX_HELPED 4096  /* people who have been helped; then it begins again */
#define MAX_UNDER_WAY 64 /* people who are being helped */

struct gw_rosters {
  gw_roster_help mode;
  GHashTable *grants;    /* domain */
  GHashTable *helped;    /* bare JID */
  GHashTable *under_way; /* bare JID -> help* */
};

typedef struct {
  gw_xmpp *x;
  char *who;
  gw_lack *lack;
  const char *jid; /* being written */
  guint written;
} help;

static void help_free(void *p) {
  help *h = p;
  g_free(h->who);
  gw_lack_free(h->lack);
  g_free(h);
}

void gw_rosters_init(gw_xmpp *x) {
  x->rosters = g_new0(struct gw_rosters, 1);
  x->rosters->grants = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  x->rosters->helped = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  x->rosters->under_way = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, help_free);
}

/* After the questions that point here have been forgotten. */
void gw_rosters_clear(gw_xmpp *x) {
  g_hash_table_unref(x->rosters->grants);
  g_hash_table_unref(x->rosters->helped);
  g_hash_table_unref(x->rosters->under_way);
  g_free(x->rosters);
}

void gw_rosters_stream_down(gw_xmpp *x) {
  g_hash_table_remove_all(x->rosters->grants); /* they are said again after the next log-in */
}

void gw_xmpp_set_roster_help(gw_xmpp *x, gw_roster_help mode) {
  GW_ON_CONTROL();
  x->rosters->mode = mode;
  g_hash_table_remove_all(x->rosters->helped); /* there may be other phones now */
}

/* --- what a server lets us do (XEP-0356 4.1): for its own people, whoever it is */

static gboolean is_privilege(xmpp_stanza_t *c) {
  return gw_xml_is(c, "privilege", "urn:xmpp:privilege:2") ||
         gw_xml_is(c, "privilege", "urn:xmpp:privilege:1");
}

gboolean gw_rosters_message_in(gw_xmpp *x, xmpp_stanza_t *message) {
  const char *from = xmpp_stanza_get_from(message);
  xmpp_stanza_t *privilege = NULL;
  GW_XML_EACH(c, message)
  if (is_privilege(c)) privilege = c;
  if (!privilege || !from || strpbrk(from, "@/")) return FALSE;
  g_autofree char *domain = gw_jid_bare(from);
  gboolean both = FALSE;
  GW_XML_EACH(p, privilege)
  if (gw_xml_is(p, "perm", NULL) && !g_strcmp0(gw_xml_get(p, "access"), "roster"))
    both = !g_strcmp0(gw_xml_get(p, "type"), "both");
  if (!domain || g_hash_table_size(x->rosters->grants) >= MAX_GRANTS) return TRUE;
  gw_info(NULL, "roster-privilege", "server=%s both=%d", domain, both);
  if (both)
    g_hash_table_add(x->rosters->grants, g_steal_pointer(&domain));
  else
    g_hash_table_remove(x->rosters->grants, domain);
  return TRUE;
}

/* --- suggesting: all of them in one message (XEP-0144 3) */

static void suggest(help *h) {
  gw_xmpp *x = h->x;
  g_autofree char *id = gw_ids_hex(x->ids, 8);
  const char *jid, *name;
  xmpp_stanza_t *m = gw_xml_new("message", NULL);
  gw_xml_set(m, "from", x->domain);
  gw_xml_set(m, "to", h->who);
  gw_xml_set(m, "id", id);
  gw_xml_set_text(gw_xml_add(m, "body", NULL),
                  "The telephones of this gateway, for your contact list.");
  xmpp_stanza_t *list = gw_xml_add(m, "x", GW_NS_ROSTERX);
  while (gw_lack_next(h->lack, &jid, &name)) {
    xmpp_stanza_t *item = gw_xml_add(list, "item", GW_NS_ROSTERX);
    gw_xml_set(item, "action", "add");
    gw_xml_set(item, "jid", jid);
    gw_xml_set(item, "name", *name ? name : NULL);
    gw_xml_set_text(gw_xml_add(item, "group", GW_NS_ROSTERX), GROUP);
  }
  gw_xmpp_send(x, x->main, m, FALSE);
  gw_info(NULL, "roster-suggested", "to=%s", h->who);
  help_free(h);
}

/* --- writing: the list as it is, then what is lacking, one after the other (XEP-0356 5) */

/* A server may give the right and not be able to keep it: nothing is written, so his client is asked, as without the right. */
static void suggest_instead(help *h, const char *condition) {
  gw_warn(NULL, "roster-not-written", "of=%s condition=%s instead=suggested", h->who, condition);
  g_hash_table_steal(h->x->rosters->under_way, h->who);
  gw_lack_again(h->lack);
  suggest(h);
}

static void done(help *h, const char *condition) {
  if (condition && !h->written) {
    suggest_instead(h, condition);
    return;
  }
  if (condition)
    gw_warn(NULL, "roster-not-written", "of=%s written=%u condition=%s", h->who, h->written,
            condition);
  else
    gw_info(NULL, "roster-written", "of=%s contacts=%u", h->who, h->written);
  g_hash_table_remove(h->x->rosters->under_way, h->who);
}

static void write_next(help *h);

static void on_written(xmpp_stanza_t *answer, void *data) {
  help *h = data;
  if (!gw_iq_ok(answer)) {
    done(h, gw_iq_condition(answer));
    return;
  }
  h->written++;
  gw_standing_watch(h->x, h->jid, h->who); /* nobody subscribes: both do so already */
  gw_standing_show(h->x, h->jid, h->who);
  write_next(h);
}

static void write_next(help *h) {
  gw_xmpp *x = h->x;
  const char *name;
  if (!gw_lack_next(h->lack, &h->jid, &name)) {
    done(h, NULL);
    return;
  }
  const char *id = gw_iqs_add(x->iqs, h->who, x->rosters, GW_IQ_WAIT, on_written, h, NULL);
  xmpp_stanza_t *iq = gw_iq_new("set", x->domain, h->who, id);
  xmpp_stanza_t *item = gw_xml_add(gw_xml_add(iq, "query", XMPP_NS_ROSTER), "item", XMPP_NS_ROSTER);
  gw_xml_set(item, "jid", h->jid);
  gw_xml_set(item, "name", *name ? name : NULL);
  gw_xml_set(item, "subscription", "both");
  gw_xml_set_text(gw_xml_add(item, "group", XMPP_NS_ROSTER), GROUP);
  gw_xmpp_send(x, x->main, iq, FALSE);
}

static void on_list(xmpp_stanza_t *answer, void *data) {
  help *h = data;
  xmpp_stanza_t *query = gw_iq_ok(answer) ? gw_xml_child(answer, "query", XMPP_NS_ROSTER) : NULL;
  if (!query) {
    const char *condition = gw_iq_condition(answer);
    done(h, condition ? condition : "no-list");
    return;
  }
  GW_XML_EACH(i, query) {
    const char *jid = gw_xml_is(i, "item", NULL) ? gw_xml_get(i, "jid") : NULL;
    if (jid) gw_lack_has(h->lack, jid, !g_strcmp0(gw_xml_get(i, "subscription"), "both"));
  }
  write_next(h);
}

static void read_list(help *h) {
  gw_xmpp *x = h->x;
  g_hash_table_insert(x->rosters->under_way, h->who, h);
  const char *id = gw_iqs_add(x->iqs, h->who, x->rosters, GW_IQ_WAIT, on_list, h, NULL);
  xmpp_stanza_t *iq = gw_iq_new("get", x->domain, h->who, id);
  gw_xml_add(iq, "query", XMPP_NS_ROSTER);
  gw_xmpp_send(x, x->main, iq, FALSE);
}

/* --- the public side */

gboolean gw_xmpp_roster_help_due(const gw_xmpp *x, const char *jid) {
  const struct gw_rosters *r = x->rosters;
  if (x->client || r->mode == GW_HELP_OFF || !gw_gateway_may_see(x, jid)) return FALSE;
  g_autofree char *bare = gw_jid_bare(jid);
  return bare && strchr(bare, '@') && !gw_xmpp_is_ours(x, bare) &&
         !g_hash_table_contains(r->helped, bare) && !g_hash_table_contains(r->under_way, bare);
}

void gw_xmpp_help_roster(gw_xmpp *x, const char *jid, const gw_items *contacts) {
  GW_ON_CONTROL();
  struct gw_rosters *r = x->rosters;
  if (!gw_xmpp_roster_help_due(x, jid) || !gw_items_count(contacts) ||
      g_hash_table_size(r->under_way) >= MAX_UNDER_WAY)
    return;
  g_autofree char *domain = NULL;
  help *h = g_new0(help, 1);
  *h = (help){.x = x, .who = gw_jid_bare(jid), .lack = gw_lack_new(contacts)};
  if (g_hash_table_size(r->helped) >= MAX_HELPED) g_hash_table_remove_all(r->helped);
  g_hash_table_add(r->helped, g_strdup(h->who));
  gw_jid_split(h->who, NULL, &domain, NULL);
  if (r->mode == GW_HELP_WRITE && g_hash_table_contains(r->grants, domain))
    read_list(h);
  else
    suggest(h);
}
