/* meet_iq.c - a persona's questions to a service of meets (tigase:meet:0, 3.1). */
#include "base/thread.h"
#include "xmpp/internal.h"
#include "xmpp/meet_xml.h"

typedef struct {
  void (*made)(const char *, const char *, void *);
  void (*allowed)(gw_answer, const char *, void *);
  void *user;
  char *service;
} question;

static void question_free(gpointer data) {
  g_free(((question *)data)->service);
  g_free(data);
}

static void on_made(xmpp_stanza_t *answer, void *data) {
  const question *q = data;
  const char *condition = gw_iq_condition(answer);
  g_autofree char *meet = condition ? NULL : gw_meet_xml_made(answer, q->service);
  q->made(meet, condition ? condition : "bad-answer", q->user);
}

static void on_allowed(xmpp_stanza_t *answer, void *data) {
  const question *q = data;
  const char *condition = gw_iq_condition(answer);
  q->allowed(!condition ? GW_ANSWER_YES
             : !answer  ? GW_ANSWER_UNKNOWN
                        : GW_ANSWER_NO,
             condition ? condition : "", q->user);
}

static void ask(gw_persona *p, const char *to, const char *verb, const char *const *who,
                gw_iq_fn fn, const question *about) {
  GW_ON_CONTROL();
  question *q = g_new0(question, 1);
  *q = *about;
  q->service = g_strdup(about->service);
  const char *id = gw_iqs_add(p->x->iqs, to, p, GW_IQ_WAIT, fn, q, question_free);
  xmpp_stanza_t *iq = gw_iq_new("set", p->jid, to, id);
  gw_meet_xml_add(iq, verb, who);
  gw_persona_send(p, iq, FALSE);
}

void gw_persona_meet_make(gw_persona *p, const char *service, const char *const *who,
                          void (*fn)(const char *, const char *, void *), void *user) {
  ask(p, service, "create", who, on_made,
      &(question){.made = fn, .user = user, .service = (char *)service});
}

void gw_persona_meet_allow(gw_persona *p, const char *meet, const char *const *who,
                           void (*fn)(gw_answer, const char *, void *), void *user) {
  ask(p, meet, "allow", who, on_allowed, &(question){.allowed = fn, .user = user});
}

/* The document knows no such word, the service does (destroy). The persona may be about to go, so nobody waits. */
void gw_persona_meet_end(gw_persona *p, const char *meet) {
  GW_ON_CONTROL();
  g_autofree char *id = gw_ids_hex(p->x->ids, 8);
  xmpp_stanza_t *iq = gw_iq_new("set", p->jid, meet, id);
  gw_meet_xml_add(iq, "destroy", NULL);
  gw_persona_send(p, iq, FALSE);
}
