#include "gateway/bridge/roster_check.h"
#include <string.h>
#include "base/jid.h"
#include "base/limits.h"

typedef struct {
  gw_word *word;
  char *jid;
  gboolean ours;
  gw_answer jsxc;
} waiting;

struct gw_roster_check {
  gboolean enabled;
  gboolean joining; /* what is being weighed is the call that we come for */
  char *asking;     /* id that is being weighed, NULL none; both answers are asked for at once */
  guint ask;        /* counts those that were; answers to another are too late */
  char *weighed;    /* the last one that was */
  char *proposer;   /* of it */
  gboolean roster_open;
  gw_answer jsxc, roster;
  GPtrArray *refused; /* ids that we must not join */
  GQueue words;       /* waiting*, not passed on yet */
};

static void waiting_free(void *p) {
  waiting *w = p;
  gw_word_free(w->word);
  g_free(w->jid);
  g_free(w);
}

static void action_clear(void *p) {
  gw_rc_action *a = p;
  gw_word_free(a->word);
  g_free(a->jid);
}

gw_roster_check *gw_roster_check_new(gboolean enabled) {
  gw_roster_check *c = g_new0(gw_roster_check, 1);
  c->enabled = enabled;
  c->refused = g_ptr_array_new_with_free_func(g_free);
  return c;
}

void gw_roster_check_free(gw_roster_check *c) {
  if (!c) return;
  g_free(c->asking);
  g_free(c->weighed);
  g_free(c->proposer);
  g_ptr_array_unref(c->refused);
  g_queue_clear_full(&c->words, waiting_free);
  g_free(c);
}

gboolean gw_roster_check_wants(const gw_word *word) {
  return word->kind == GW_WORD_JMUCI && word->u.jmuci.action == GW_JMUCI_PROPOSE && !word->historic;
}

static void act(GArray *ret, gw_rc_act type, char *jid) {
  g_array_append_vals(ret, &(gw_rc_action){.type = type, .jid = jid}, 1);
}

static void ask(const gw_roster_check *c, GArray *ret, gw_rc_act type, char *jid) {
  g_array_append_vals(ret, &(gw_rc_action){.type = type, .jid = jid, .ask = c->ask}, 1);
}

static gboolean is_refused(const gw_roster_check *c, const char *id) {
  return g_ptr_array_find_with_equal_func(c->refused, id, g_str_equal, NULL);
}

/* FALSE: there is nobody to ask about; else the verdict comes later. */
static gboolean weigh(gw_roster_check *c, const char *id, const gw_proposer *who, GArray *ret) {
  if (!c->enabled || !id || !who->jid || who->ours || who->jsxc == GW_ANSWER_NO) return FALSE;
  g_free(c->proposer);
  g_free(c->weighed);
  g_free(c->asking);
  c->proposer = g_strdup(who->jid);
  c->asking = g_strdup(id);
  c->weighed = g_strdup(id);
  c->ask++;
  c->roster_open = TRUE;
  c->jsxc = who->jsxc;
  if (c->jsxc == GW_ANSWER_UNKNOWN) ask(c, ret, GW_RC_ASK_CLIENT, g_strdup(who->jid));
  ask(c, ret, GW_RC_ASK_ROSTER, gw_jid_bare(who->jid));
  return TRUE;
}

static gboolean must_weigh(gw_roster_check *c, const waiting *w, GArray *ret) {
  const char *id = w->word->u.jmuci.id;
  return gw_roster_check_wants(w->word) && g_strcmp0(id, c->weighed) &&
         weigh(c, id, &(gw_proposer){w->jid, w->ours, w->jsxc}, ret);
}

static void pass(gw_roster_check *c, waiting *w, GArray *ret) {
  if (w->word->kind != GW_WORD_JMUCI || !is_refused(c, w->word->u.jmuci.id))
    g_array_append_vals(ret, &(gw_rc_action){.type = GW_RC_PASS, .word = g_steal_pointer(&w->word)},
                        1);
  waiting_free(w);
}

/* A proposal stops the queue behind it until it has been weighed. */
static void pass_words(gw_roster_check *c, GArray *ret) {
  for (waiting *w; !c->asking && (w = g_queue_pop_head(&c->words));) {
    if (must_weigh(c, w, ret))
      g_queue_push_head(&c->words, w);
    else
      pass(c, w, ret);
  }
}

/* Other clients than JSXC do not mind who is in a roster, so their answer alone decides. */
static void verdict(gw_roster_check *c, GArray *ret) {
  if (!c->asking || c->jsxc == GW_ANSWER_UNKNOWN || (c->jsxc == GW_ANSWER_YES && c->roster_open))
    return;
  g_autofree char *id = g_steal_pointer(&c->asking);
  gboolean harm = c->jsxc == GW_ANSWER_YES && c->roster == GW_ANSWER_NO;
  if (harm) act(ret, GW_RC_HARM, g_strdup(c->proposer));
  if (harm && c->refused->len < GW_MAX_CALLS_PER_ROOM)
    g_ptr_array_add(c->refused, g_steal_pointer(&id));
  if (c->joining) act(ret, harm ? GW_RC_REFUSE : GW_RC_ADMIT, NULL);
  c->joining = FALSE;
  pass_words(c, ret);
}

static void on_word(gw_roster_check *c, const gw_rc_event *ev, GArray *ret) {
  if (c->words.length >= GW_MAX_ORDER) return; /* the ledger has it */
  waiting *w = g_new0(waiting, 1);
  *w = (waiting){gw_word_copy(ev->word), g_strdup(ev->proposer.jid), ev->proposer.ours,
                 ev->proposer.jsxc};
  g_queue_push_tail(&c->words, w);
  pass_words(c, ret);
}

GArray *gw_roster_check_step(gw_roster_check *c, const gw_rc_event *ev) {
  GArray *ret = g_array_new(FALSE, FALSE, sizeof(gw_rc_action));
  g_array_set_clear_func(ret, action_clear);
  switch (ev->type) {
  case GW_RC_JOINED:
    c->joining = weigh(c, ev->id, &ev->proposer, ret);
    if (!c->joining) act(ret, GW_RC_ADMIT, NULL);
    break;
  case GW_RC_WORD:
    on_word(c, ev, ret);
    break;
  case GW_RC_CLIENT:
    if (ev->ask != c->ask) break;
    c->jsxc = ev->name && strstr(ev->name, "JSXC") ? GW_ANSWER_YES : GW_ANSWER_NO;
    verdict(c, ret);
    break;
  case GW_RC_ROSTER:
    if (ev->ask != c->ask) break;
    c->roster_open = FALSE;
    c->roster = ev->answer;
    verdict(c, ret);
    break;
  }
  return ret;
}
