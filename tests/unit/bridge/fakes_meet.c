/* A stand-in for services of meets: what is asked of them is written down, and answered when the test says so. */
#include <string.h>
#include "fakes.h"

typedef struct {
  gw_persona *by;
  char *service; /* NULL: somebody is to be let in */
  void (*made)(const char *, const char *, void *);
  void (*allowed)(gw_answer, const char *, void *);
  void *user;
} question;
static GQueue questions = G_QUEUE_INIT;
static guint made;

static void question_free(question *q) {
  g_free(q->service);
  g_free(q);
}

static void ask(const char *verb, const char *to, const char *const *who, const question *about) {
  g_autofree char *names = g_strjoinv(" ", (char **)who);
  fake_note("meet %s at %s by %s: %s", verb, to, gw_persona_jid(about->by), names);
  g_queue_push_tail(&questions, g_memdup2(about, sizeof *about));
}

void gw_persona_meet_make(gw_persona *p, const char *service, const char *const *who,
                          void (*fn)(const char *, const char *, void *), void *user) {
  ask("create", service, who,
      &(question){.by = p, .service = g_strdup(service), .made = fn, .user = user});
}

void gw_persona_meet_allow(gw_persona *p, const char *meet, const char *const *who,
                           void (*fn)(gw_answer, const char *, void *), void *user) {
  ask("allow", meet, who, &(question){.by = p, .allowed = fn, .user = user});
}

void gw_persona_meet_end(gw_persona *p, const char *meet) {
  fake_note("meet destroy at %s by %s", meet, gw_persona_jid(p));
}

guint fake_meet_questions(void) {
  return g_queue_get_length(&questions);
}

void fake_answer_meet(const char *condition) {
  question *q = g_queue_pop_head(&questions);
  g_assert_nonnull(q);
  g_autofree char *jid = q->service ? g_strdup_printf("m%u@%s", ++made, q->service) : NULL;
  if (q->made)
    q->made(condition ? NULL : jid, condition ? condition : "", q->user);
  else
    q->allowed(condition ? GW_ANSWER_NO : GW_ANSWER_YES, condition ? condition : "", q->user);
  question_free(q);
}

void fake_meet_forget(const gw_persona *p) {
  for (GList *l = questions.head, *next; l; l = next) {
    next = l->next;
    if (((question *)l->data)->by != p) continue;
    question_free(l->data);
    g_queue_delete_link(&questions, l);
  }
}
