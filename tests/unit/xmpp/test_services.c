/* STUN and TURN servers that the XMPP server names (XEP-0215): what is asked when, what is good, and the words of it. */
#include <glib.h>
#include <string.h>
#include "base/limits.h"
#include "xmpp/services_xml.h"

#define WALL GW_SEC(1800000000)

typedef struct {
  gw_services *s;
  gint64 now;
  gw_sv_todo todo;
} fixture;

static fixture start(const char *first, const char *second) {
  const char *domains[] = {first, second, NULL};
  return (fixture){.s = gw_services_new(domains), .now = GW_SEC(100)};
}

static void end(fixture *f) {
  g_clear_pointer(&f->todo.lacking, g_ptr_array_unref);
  gw_services_free(f->s);
}

static void step(fixture *f, const gw_sv_event *ev) {
  g_clear_pointer(&f->todo.lacking, g_ptr_array_unref);
  gw_services_step(f->s, ev, f->now, WALL + f->now, &f->todo);
}

static void event(fixture *f, gw_sv_type type, const char *condition) {
  step(f, &(gw_sv_event){.type = type, .condition = condition});
}

static void with_list(fixture *f, gw_sv_type type, GPtrArray *taken) {
  step(f, &(gw_sv_event){.type = type, .list = taken});
  g_ptr_array_unref(taken);
}

/* "turn:tcp:host:port:user:password:lifetime" words, blank between; an empty field: not said. */
static GPtrArray *list(const fixture *f, const char *text) {
  static const char *const types[] = {"stun", "turn", "turns"};
  GPtrArray *l = gw_service_list_new();
  g_auto(GStrv) words = g_strsplit(text, " ", -1);
  for (char **w = words; *w && **w; w++) {
    g_auto(GStrv) p = g_strsplit(*w, ":", 7);
    guint type = 0;
    while (strcmp(types[type], p[0] + strspn(p[0], "+-")))
      type++;
    gw_service *s = gw_service_new((gw_service_type)type, !strcmp(p[1], "tcp"), p[2],
                                   (guint16)g_ascii_strtoull(p[3], NULL, 10));
    s->action = *p[0] == '-' ? GW_SERVICE_DELETE : GW_SERVICE_ADD;
    s->user = *p[4] ? g_strdup(p[4]) : NULL;
    s->password = *p[5] ? g_strdup(p[5]) : NULL;
    if (*p[6]) s->expires_wall_us = WALL + f->now + GW_SEC(g_ascii_strtoll(p[6], NULL, 10));
    g_ptr_array_add(l, s);
  }
  return l;
}

static char *good(const fixture *f) {
  const GPtrArray *l = gw_services_good(f->s);
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < l->len; i++) {
    const gw_service *s = l->pdata[i];
    g_string_append_printf(out, "%s%d%s:%s:%u:%s", i ? " " : "", s->type, s->tcp ? "t" : "u",
                           s->host, s->port, s->user ? s->user : "");
  }
  return g_string_free(out, FALSE);
}

static void is_good(const fixture *f, const char *expected) {
  g_autofree char *got = good(f);
  g_assert_cmpstr(got, ==, expected);
}

static gint64 rests(const fixture *f) {
  const gint64 at = gw_services_deadline(f->s);
  return at == GW_NEVER ? -1 : (at - f->now) / GW_SEC(1);
}

/* answer -> what is good, and in how many seconds something is to be done */
static const struct {
  const char *name, *answer, *good;
  gint64 rests;
} answers[] = {
    {"nothing", "", "", 6 * 3600},
    {"for ever", "stun:udp:s:3478:::", "0u:s:3478:", 6 * 3600},
    {"a day: sooner", "turn:udp:t:3478:u:p:86400", "1u:t:3478:u", 6 * 3600},
    {"the shortest counts", "turn:udp:t:1:u:p:86400 turn:tcp:t:1:u:p:1000", "1u:t:1:u 1t:t:1:u",
     750},
    {"never too often", "turn:udp:t:1:u:p:11", "1u:t:1:u", 10},
    {"out of date when it comes: a clock is wrong", "turn:udp:t:1:u:p:-50", "1u:t:1:u", 225},
    {"STUN by TCP and TURN by DTLS are not ours",
     "stun:tcp:s:1::: turns:udp:t:1:u:p: turn:udp:t:1:u:p:", "1u:t:1:u", 6 * 3600},
    {"the TLS port without a user: that of the same host",
     "turn:udp:t:1:u:p:100 turns:tcp:t:2::: turns:tcp:other:2:::", "1u:t:1:u 2t:t:2:u", 75},
};

static void test_answers(void) {
  for (gsize i = 0; i < G_N_ELEMENTS(answers); i++) {
    fixture f = start("example.org", NULL);
    g_test_message("%s", answers[i].name);
    event(&f, GW_SV_UP, NULL);
    g_assert_cmpstr(f.todo.ask, ==, "example.org");
    with_list(&f, GW_SV_LIST, list(&f, answers[i].answer));
    is_good(&f, answers[i].good);
    g_assert_cmpint(f.todo.changed, ==, *answers[i].good != 0);
    g_assert_cmpint(rests(&f), ==, answers[i].rests);
    end(&f);
  }
}

/* refusals -> whom we ask next, and when again */
static const struct {
  const char *conditions[4];
  gint64 rests[4];
  const char *asks[4];
  gboolean mend;
} refusals[] = {
    {{"service-unavailable"}, {3600}, {NULL}, FALSE},
    {{"forbidden"}, {3600}, {NULL}, TRUE},
    {{"timeout", "timeout", "timeout", "forbidden"}, {60, 120, 240, 3600}, {NULL}, FALSE},
};

static void test_refusals(void) {
  for (gsize i = 0; i < G_N_ELEMENTS(refusals); i++) {
    fixture f = start("example.org", NULL);
    event(&f, GW_SV_UP, NULL);
    for (guint k = 0; k < 4 && refusals[i].conditions[k]; k++) {
      event(&f, GW_SV_REFUSED, refusals[i].conditions[k]);
      g_assert_null(f.todo.ask);
      g_assert_cmpint(f.todo.mend != NULL, ==, refusals[i].mend);
      g_assert_cmpint(rests(&f), ==, refusals[i].rests[k]);
      f.now = gw_services_deadline(f.s);
      event(&f, GW_SV_TICK, NULL);
      g_assert_cmpstr(f.todo.ask, ==, "example.org");
    }
    end(&f);
  }
  fixture f = start("a", "b");
  event(&f, GW_SV_UP, NULL);
  event(&f, GW_SV_REFUSED, "item-not-found");
  g_assert_cmpstr(f.todo.ask, ==, "b");
  g_assert_cmpstr(gw_services_asked(f.s), ==, "b");
  event(&f, GW_SV_REFUSED, "item-not-found");
  g_assert_null(f.todo.ask);
  end(&f);
}

static void test_renewed_before_it_expires(void) {
  fixture f = start("example.org", NULL);
  event(&f, GW_SV_UP, NULL);
  with_list(&f, GW_SV_LIST, list(&f, "turn:udp:t:1:old:p:100"));
  f.now = gw_services_deadline(f.s);
  event(&f, GW_SV_TICK, NULL);
  g_assert_cmpstr(f.todo.ask, ==, "example.org");
  g_assert_false(f.todo.changed);
  is_good(&f, "1u:t:1:old");
  with_list(&f, GW_SV_LIST, list(&f, "turn:udp:t:1:new:p:100"));
  g_assert_true(f.todo.changed);
  is_good(&f, "1u:t:1:new");
  with_list(&f, GW_SV_LIST, list(&f, "turn:udp:t:1:new:p:100"));
  g_assert_false(f.todo.changed);
  end(&f);
}

/* Nobody answers any more: what we know is good as long as it was promised, and no longer; also while the stream is down. */
static void test_expires(void) {
  for (int down = 0; down < 2; down++) {
    fixture f = start("example.org", NULL);
    event(&f, GW_SV_UP, NULL);
    with_list(&f, GW_SV_LIST, list(&f, "stun:udp:s:1::: turn:udp:t:1:u:p:100"));
    f.now += GW_SEC(75);
    event(&f, down ? GW_SV_DOWN : GW_SV_TICK, NULL);
    if (!down) event(&f, GW_SV_REFUSED, "timeout");
    is_good(&f, "0u:s:1: 1u:t:1:u");
    g_assert_cmpint(rests(&f), ==, 25);
    f.now += GW_SEC(25);
    event(&f, GW_SV_TICK, NULL);
    g_assert_true(f.todo.changed);
    is_good(&f, "0u:s:1:");
    event(&f, GW_SV_UP, NULL);
    g_assert_cmpstr(f.todo.ask, ==, "example.org");
    end(&f);
  }
}

static void test_credentials(void) {
  fixture f = start("example.org", NULL);
  event(&f, GW_SV_UP, NULL);
  with_list(&f, GW_SV_LIST, list(&f, "turn:udp:t:1::: stun:udp:s:1:::"));
  g_assert_nonnull(f.todo.lacking);
  g_assert_cmpuint(f.todo.lacking->len, ==, 1);
  is_good(&f, "0u:s:1:");
  with_list(&f, GW_SV_CREDENTIALS, list(&f, "turn:udp:evil:1:u:p: turn:udp:t:1:u:p:400"));
  is_good(&f, "1u:t:1:u 0u:s:1:");
  g_assert_null(f.todo.lacking);
  g_assert_cmpint(rests(&f), ==, 300);
  with_list(&f, GW_SV_LIST, list(&f, "turn:udp:t:1:::"));
  g_assert_cmpuint(f.todo.lacking->len, ==, 1); /* once each time */
  step(&f, &(gw_sv_event){.type = GW_SV_CREDENTIALS});
  g_assert_null(f.todo.lacking);
  is_good(&f, "");
  end(&f);
}

static void test_push(void) {
  fixture f = start("example.org", NULL);
  with_list(&f, GW_SV_PUSH, list(&f, "+turn:udp:t:1:u:p:"));
  is_good(&f, ""); /* we have asked nobody */
  event(&f, GW_SV_UP, NULL);
  with_list(&f, GW_SV_LIST, list(&f, "turn:udp:t:1:u:p:"));
  with_list(&f, GW_SV_PUSH, list(&f, "+turn:tcp:t:1:v:p: +turn:udp:t:1:w:p:"));
  is_good(&f, "1u:t:1:w 1t:t:1:v");
  with_list(&f, GW_SV_PUSH, list(&f, "-turn:udp:t:1::: -turn:udp:unknown:1:::"));
  g_assert_true(f.todo.changed);
  is_good(&f, "1t:t:1:v");
  with_list(&f, GW_SV_PUSH, list(&f, "-turn:tcp:t:1:::"));
  is_good(&f, "");
  for (guint i = 1; i <= 3 * GW_MAX_SERVICES; i++) {
    g_autofree char *one = g_strdup_printf("+turn:udp:t:%u:u:p:", i);
    with_list(&f, GW_SV_PUSH, list(&f, one));
  }
  g_assert_cmpuint(gw_services_good(f.s)->len, ==, GW_MAX_SERVICES);
  end(&f);
}

/* configured | found -> what an agent gets, at most three TURN servers */
static const struct {
  const char *configured, *found, *chosen;
} choices[] = {
    {"", "", ""},
    {"stun:udp:mine:1:::", "stun:udp:theirs:1::: turn:udp:t:1:u:p:", "mine1 t1"},
    {"turn:udp:t:1:mine:p:", "turn:udp:t:1:theirs:p:", "t1"},
    {"",
     "turn:udp:t:1:u:p: turn:udp:t:2:u:p: turn:udp:t:3:u:p: turns:tcp:t:5:u:p: turn:tcp:t:4:u:p:",
     "t1 t4 t5"},
    {"turns:tcp:mine:1:u:p:", "turns:tcp:t:2:u:p: turns:tcp:t:3:u:p: turns:tcp:t:4:u:p:",
     "mine1 t2 t3"},
};

static void test_choice(void) {
  fixture f = start("x", NULL);
  for (gsize i = 0; i < G_N_ELEMENTS(choices); i++) {
    g_autoptr(GPtrArray) a = list(&f, choices[i].configured), b = list(&f, choices[i].found);
    g_autoptr(GPtrArray) c = gw_services_choose(a, b, 3);
    g_autoptr(GString) got = g_string_new(NULL);
    for (guint k = 0; k < c->len; k++)
      g_string_append_printf(got, "%s%s%u", k ? " " : "", ((gw_service *)c->pdata[k])->host,
                             ((gw_service *)c->pdata[k])->port);
    g_assert_cmpstr(got->str, ==, choices[i].chosen);
  }
  end(&f);
}

/* --- words */

static GPtrArray *parse(const char *inside) {
  g_autofree char *text = g_strdup_printf("<iq type='result' from='example.org'>%s</iq>", inside);
  xmpp_stanza_t *s = gw_xml_parse(text, strlen(text));
  g_assert_nonnull(s);
  GPtrArray *l = gw_services_xml_parse(s);
  xmpp_stanza_release(s);
  return l;
}

#define SERVICES(x) "<services xmlns='urn:xmpp:extdisco:2'>" x "</services>"

static void test_words(void) {
  g_autoptr(GPtrArray) l = parse(
      SERVICES("<service type='stun' host='s.example' port='9'/>"
               "<service type='turns' host='t.example' username='u' password='p' restricted='true' "
               "expires='2027-01-15T08:00:00Z' action='modify'/>"
               "<service type='turn' transport='tcp' host='2001:db8::1' port='70000'/>"
               "<service type='turn' transport='sctp' host='t'/><service type='ftp' host='f'/>"
               "<service type='turn' host='a b'/><service type='turn'/><service xmlns='other' "
               "type='turn' host='t'/>"
               "<service type='turn' transport='tcp' host='2001:db8::1' username='only'/>"));
  g_assert_cmpuint(l->len, ==, 3);
  const gw_service *s = l->pdata[0], *t = l->pdata[1], *v = l->pdata[2];
  g_assert_cmpint(s->type, ==, GW_SERVICE_STUN);
  g_assert_cmpuint(s->port, ==, 9);
  g_assert_false(s->tcp);
  g_assert_cmpint(t->type, ==, GW_SERVICE_TURNS);
  g_assert_cmpuint(t->port, ==, 5349);
  g_assert_true(t->tcp && t->restricted);
  g_assert_cmpint(t->action, ==, GW_SERVICE_MODIFY);
  g_assert_cmpint(t->expires_wall_us, ==, GW_SEC(1800000000));
  g_assert_cmpstr(t->password, ==, "p");
  g_assert_cmpuint(v->port, ==, 3478);
  g_assert_null(v->user);
  g_assert_null(parse("<services xmlns='urn:xmpp:extdisco:1'/>"));
}

static void test_words_bounded(void) {
  GString *many = g_string_new(NULL);
  for (guint i = 0; i < 200; i++)
    g_string_append_printf(many, "<service type='turn' host='t' port='%u'/>", i + 1);
  g_autofree char *text = g_strdup_printf(SERVICES("%s"), many->str);
  g_autoptr(GPtrArray) l = parse(text);
  g_assert_cmpuint(l->len, ==, GW_MAX_SERVICES);
  g_string_free(many, TRUE);
}

static void test_questions(void) {
  xmpp_stanza_t *iq = gw_xml_new("iq", NULL);
  g_autoptr(gw_service) s = gw_service_new(GW_SERVICE_TURN, TRUE, "t.example", 3478);
  gw_services_xml_ask(iq);
  gw_services_xml_ask_credentials(iq, s);
  g_autofree char *text = gw_xml_print(iq);
  xmpp_stanza_release(iq);
  g_assert_nonnull(strstr(text, "<services xmlns=\"urn:xmpp:extdisco:2\"/>"));
  g_assert_nonnull(strstr(text, "<credentials xmlns=\"urn:xmpp:extdisco:2\"><service"));
  g_assert_nonnull(strstr(text, "port=\"3478\""));
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/services/answers", test_answers);
  g_test_add_func("/services/refusals", test_refusals);
  g_test_add_func("/services/renewed-before-it-expires", test_renewed_before_it_expires);
  g_test_add_func("/services/expires", test_expires);
  g_test_add_func("/services/credentials", test_credentials);
  g_test_add_func("/services/push", test_push);
  g_test_add_func("/services/choice", test_choice);
  g_test_add_func("/services/words", test_words);
  g_test_add_func("/services/words-bounded", test_words_bounded);
  g_test_add_func("/services/questions", test_questions);
  return g_test_run();
}
